// What this device is and how much room it has, before anything is downloaded. Estimates are called so.
import type { ReactNode } from "react";
import { strings } from "../strings";
import { useAppState } from "../use-app";
import { useGpu } from "./use-gpu";
import styles from "./models.module.css";

export function DeviceLines(): ReactNode {
  const gpu = useGpu();
  const room = useAppState(({ models }) => models.room);
  return (
    <div className={styles["device"]}>
      {gpu !== undefined && <p>{strings.models.gpu(gpu)}</p>}
      {room?.isKept === true && <p>{strings.models.room(room)}</p>}
      {room?.isKept === false && <p className={styles["warning"]}>{strings.models.notKept}</p>}
    </div>
  );
}
