// The page's only screen: the picture, and the controls it is made with.
import type { ReactNode } from "react";
import { isSoftwareGpu } from "../common/adapter-info";
import { Advanced } from "./controls/advanced";
import { Composer } from "./controls/composer";
import { SeedField } from "./controls/seed-field";
import { SizeField } from "./controls/size-field";
import { StepDial } from "./controls/step-dial";
import { Diagnostics } from "./diagnostics/diagnostics";
import { DoctorPanel } from "./doctor/doctor-panel";
import { GalleryPanel } from "./gallery/gallery-panel";
import { GalleryStrip } from "./gallery/gallery-strip";
import { Header } from "./header";
import { LoraList } from "./loras/lora-list";
import { KeysSheet } from "./keys/keys-sheet";
import { LiveRegion } from "./live-region";
import { knownFactsOf } from "./known-facts";
import { ModelsPanel } from "./models/models-panel";
import styles from "./page.module.css";
import { TakenOut } from "./queue/taken-out";
import { WaitingList } from "./queue/waiting-list";
import { Stage } from "./stage/stage";
import { StartField } from "./start/start-field";
import { canCancel } from "./state";
import { strings } from "./strings";
import { keeping } from "./strings-keeping";
import { UpdateNotice } from "./update-notice";
import { useApp, useAppState } from "./use-app";

export function Page(): ReactNode {
  const app = useApp();
  const outline = useAppState(knownFactsOf);
  const isOnProcessor = useAppState(({ model }) => model.kind === "ready" && model.facts.adapter === "cpu");
  // Another engine may be quicker there, and nobody has found out yet.
  const isStandIn = useAppState(
    ({ model, engine, measuring }) =>
      model.kind === "ready" && isSoftwareGpu(model.facts.adapter) && engine === undefined && measuring === undefined,
  );
  const isBusy = useAppState(canCancel);
  const hasPutAside = useAppState((state) => state.putAside !== undefined);
  const notice = useAppState((state) => state.notice);
  const isFull = useAppState(({ gallery }) => gallery.problem === "full");
  return (
    <div
      className={styles["page"]}
      onKeyDown={(event) => {
        // Where an explanation is open, the key closes it and cancels nothing.
        if (event.key === "Escape" && isBusy && document.querySelector(":popover-open, dialog[open]") === null) app.cancel();
      }}
    >
      <Header />
      <main className={styles["main"]}>
        <div className={styles["stage"]}>
          <Stage />
          <GalleryStrip />
        </div>
        <form
          className={styles["panel"]}
          onSubmit={(event) => {
            event.preventDefault();
            void app.draw();
          }}
        >
          {notice !== undefined && <p className={styles["notice"]}>{notice}</p>}
          <LiveRegion>
            {isFull && (
              <p className={styles["notice"]}>
                {keeping.problems.full}{" "}
                <button type="button" className={styles["link"]} onClick={() => app.gallery.openGallery()}>
                  {keeping.openGallery}
                </button>
              </p>
            )}
          </LiveRegion>
          {hasPutAside && (
            <p className={styles["notice"]}>
              {strings.putAside}{" "}
              <button type="button" className={styles["link"]} onClick={() => app.bringBack()}>
                {strings.bringBack}
              </button>
            </p>
          )}
          <TakenOut />
          <Composer />
          <WaitingList />
          <LoraList />
          <StartField />
          <StepDial />
          <SizeField />
          <SeedField />
          <Advanced />
          <Diagnostics />
          <footer className={styles["footer"]}>
            {outline !== undefined && <p>{strings.modelLine(outline, outline.weightBytes, isOnProcessor)}</p>}
            {isStandIn && (
              <p>
                {keeping.standIn}{" "}
                <button type="button" className={styles["link"]} onClick={() => void app.measureEngines()}>
                  {keeping.measure}
                </button>
              </p>
            )}
            <p>
              {strings.privacy}{" "}
              <button type="button" className={styles["link"]} onClick={() => app.showKeys(true)}>
                {keeping.keys}
              </button>
            </p>
          </footer>
        </form>
      </main>
      <ModelsPanel />
      <GalleryPanel />
      <KeysSheet />
      <DoctorPanel />
      <UpdateNotice />
    </div>
  );
}
