// The foot of the gallery: how much it takes and may take, and how to take it all along.
import { useId, useRef, type ReactNode } from "react";
import { LiveRegion } from "../live-region";
import { keeping } from "../strings-keeping";
import { useApp, useAppState } from "../use-app";
import { BUDGETS, takenBy } from "./budget";
import styles from "./gallery.module.css";

export function GalleryRoom({ found }: { readonly found: number }): ReactNode {
  const app = useApp();
  const id = useId();
  const files = useRef<HTMLInputElement>(null);
  const { entries, starts, budget, askedBudget, work, problem } = useAppState(({ gallery }) => gallery);
  const taken = takenBy(entries, starts);
  const isBusy = work?.kind === "exporting" || work?.kind === "importing";
  return (
    <footer className={styles["room"]}>
      <LiveRegion>
        {work !== undefined && (
          <p className={styles["notice"]} data-failed={work.kind === "failed"}>
            {keeping.work(work)}
          </p>
        )}
      </LiveRegion>
      {askedBudget !== undefined && (
        <p role="alert" className={styles["warning"]}>
          {keeping.askBudget(askedBudget.goes)}{" "}
          <button type="button" className={styles["link"]} onClick={() => void app.gallery.allow(askedBudget.budget, true)}>
            {keeping.agree}
          </button>{" "}
          <button type="button" className={styles["link"]} onClick={() => app.gallery.keepBudget()}>
            {keeping.disagree}
          </button>
        </p>
      )}
      <div className={styles["line"]}>
        <p className={styles["count"]}>
          {keeping.count(found, entries.length)}. {keeping.room(taken)}
        </p>
        {problem !== "denied" && (
          <span className={styles["budget"]}>
            <label htmlFor={id}>{keeping.budget}</label>
            <select
              id={id}
              value={budget}
              aria-describedby={`${id}-about`}
              onChange={({ target }) => void app.gallery.allow(Number(target.value))}
            >
              {BUDGETS.map((choice) => (
                <option key={choice} value={choice}>
                  {keeping.roomOf(choice)}
                </option>
              ))}
            </select>
          </span>
        )}
      </div>
      <p id={`${id}-about`} className={styles["about"]}>
        {taken > budget ? keeping.overBudget : keeping.budgetAbout}
      </p>
      <div className={styles["actions"]}>
        <button type="button" disabled={isBusy || entries.length === 0} onClick={() => void app.exportAll()}>
          {keeping.export}
        </button>
        <button type="button" disabled={isBusy} title={keeping.importAbout} onClick={() => files.current?.click()}>
          {keeping.import}
        </button>
        <input
          ref={files}
          type="file"
          hidden
          multiple
          accept=".zip,.png,application/zip,image/png"
          aria-label={keeping.import}
          onChange={({ target }) => {
            void app.importFiles([...(target.files ?? [])]);
            // The same file may be chosen again.
            target.value = "";
          }}
        />
      </div>
    </footer>
  );
}
