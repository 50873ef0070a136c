// The examination: what this device is, what of the models runs on it and how quickly, and a report of all that to copy.
import type { ReactNode } from "react";
import { Panel } from "../panel";
import { doctor } from "../strings-doctor";
import { useApp, useAppState } from "../use-app";
import styles from "./doctor.module.css";
import { GpuSection } from "./gpu-section";
import { ModelsSection } from "./models-section";
import { Facts, Section } from "./section";
import { SpeedSection } from "./speed-section";

export function DoctorPanel(): ReactNode {
  const app = useApp();
  const isOpen = useAppState((state) => state.doctor.isOpen);
  return (
    <Panel isOpen={isOpen} title={doctor.title} closeLabel={doctor.close} place="narrow side" onClose={() => app.closeDoctor()}>
      <p className={styles["about"]}>{doctor.about}</p>
      <GpuSection />
      <ModelsSection />
      <SpeedSection />
      <StorageSection />
      <ReportSection />
    </Panel>
  );
}

function StorageSection(): ReactNode {
  const storage = useAppState((state) => state.doctor.report?.storage);
  if (storage === undefined) return null;
  return (
    <Section title={doctor.storage}>
      <Facts
        rows={[
          [doctor.modelsTake, doctor.bytes(storage.modelBytes) ?? doctor.unknown],
          [doctor.pageTakes, doctor.bytes(storage.usedBytes) ?? doctor.unknown],
          [doctor.room, doctor.bytes(storage.quotaBytes) ?? doctor.unknown],
          [doctor.kept, doctor.isKept(storage)],
        ]}
      />
    </Section>
  );
}

function ReportSection(): ReactNode {
  const app = useApp();
  const copied = useAppState((state) => state.doctor.copied);
  // It is made anew when anything that is in it changes.
  useAppState((state) => state.doctor);
  useAppState((state) => state.models);
  const text = app.report();
  if (text === undefined) return null;
  return (
    <Section title={doctor.report}>
      <p className={styles["about"]}>{doctor.reportAbout}</p>
      <div className={styles["act"]}>
        <button type="button" onClick={() => void app.copyReport()}>
          {doctor.copy}
        </button>
        <p role="status">{copied !== undefined && (copied === "copied" ? doctor.copied : doctor.notCopied)}</p>
      </div>
      <details className={styles["text"]}>
        <summary>{doctor.asText}</summary>
        <pre tabIndex={0}>{text}</pre>
      </details>
    </Section>
  );
}
