// The models panel: what is on this device, what the catalogue offers, and a way to add what it does not.
import { useEffect, useRef, type ReactNode } from "react";
import { CloseIcon } from "../icons";
import { strings } from "../strings";
import { useApp, useAppState } from "../use-app";
import { AddModel } from "./add-model";
import { DeviceLines } from "./device-lines";
import { ModelCard } from "./model-card";
import styles from "./models.module.css";
import { useModelRows } from "./use-model-rows";

export function ModelsPanel(): ReactNode {
  const app = useApp();
  const isOpen = useAppState(({ models }) => models.isOpen);
  const rows = useModelRows();
  const dialog = useRef<HTMLDialogElement>(null);

  useEffect(() => {
    // `showModal` keeps the focus inside and gives it back afterwards.
    if (isOpen && dialog.current?.open === false) dialog.current.showModal();
    if (!isOpen) dialog.current?.close();
  }, [isOpen]);

  return (
    <dialog
      ref={dialog}
      className={styles["panel"]}
      aria-labelledby="models-title"
      onClose={() => app.closeModels()}
      onClick={(event) => {
        // The dialog itself is hit only beside its contents.
        if (event.target === event.currentTarget) app.closeModels();
      }}
    >
      {isOpen && (
        <div className={styles["contents"]}>
          <header className={styles["head"]}>
            <h2 id="models-title">{strings.models.title}</h2>
            <button type="button" className="icon-button" aria-label={strings.models.close} onClick={() => app.closeModels()}>
              <CloseIcon />
            </button>
          </header>
          <DeviceLines />
          <ul className={styles["rows"]}>
            {rows.map((row) => (
              <ModelCard key={row.id} row={row} />
            ))}
          </ul>
          <AddModel />
        </div>
      )}
    </dialog>
  );
}
