// Which models should run here: those of this device first, then the catalogue's.
import type { ReactNode } from "react";
import { useGpu } from "../models/use-gpu";
import { useModelRows } from "../models/use-model-rows";
import { strings } from "../strings";
import { doctor } from "../strings-doctor";
import styles from "./doctor.module.css";
import { runningModels } from "./report";
import { Section } from "./section";

export function ModelsSection(): ReactNode {
  const gpu = useGpu();
  const rows = useModelRows();
  if (gpu === undefined) return null;
  return (
    <Section title={doctor.runs}>
      <ul className={styles["models"]}>
        {runningModels(rows, gpu).map(({ model, title, gpuBytes, outlook, isHere }) => (
          <li key={model}>
            <span className={styles["mark"]} data-outlook={outlook ?? "unknown"} aria-hidden="true" />
            <span className={styles["name"]}>{title}</span>
            <span className={styles["need"]}>
              {[outlook !== undefined && strings.models.outlooks[outlook], doctor.needs(gpuBytes), isHere && doctor.isHere]
                .filter(Boolean)
                .join(" · ")}
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
