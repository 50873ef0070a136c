// What this device is and how much room it has, before anything is downloaded. Estimates are called so.
import type { ReactNode } from "react";
import { strings } from "../strings";
import { useAppState } from "../use-app";
import styles from "./models.module.css";

export function DeviceLines(): ReactNode {
  const gpu = useAppState(({ models }) => models.gpu);
  const room = useAppState(({ models }) => models.room);
  const isKept = useAppState(({ models }) => models.isKept);
  return (
    <div className={styles["device"]}>
      {gpu !== undefined && <p>{strings.models.gpu(gpu)}</p>}
      {room !== undefined && isKept === true && <p>{strings.models.room(room)}</p>}
      {isKept === false && <p className={styles["warning"]}>{strings.models.notKept}</p>}
    </div>
  );
}
