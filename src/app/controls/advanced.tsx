// Settings that most visitors never need.
import type { ReactNode } from "react";
import { AddLora } from "../loras/add-lora";
import { strings } from "../strings";
import styles from "./controls.module.css";
import { SteeringOptions } from "./steering-options";

export function Advanced(): ReactNode {
  return (
    <details className={styles["advanced"]}>
      <summary>{strings.advanced}</summary>
      <SteeringOptions />
      <AddLora />
    </details>
  );
}
