// The switch for drawing while somebody types, with a light that says whether it works at this moment.
import type { ReactNode } from "react";
import { exploring } from "../strings-exploring";
import { useApp, useAppState } from "../use-app";
import styles from "./live.module.css";

export function LiveSwitch(): ReactNode {
  const app = useApp();
  const isOn = useAppState(({ live }) => live.isOn);
  const isWorking = useAppState(({ job }) => job?.isPassing === true);
  return (
    <label className={styles["switch"]} title={exploring.live.about} data-working={isWorking}>
      <input type="checkbox" role="switch" checked={isOn} onChange={({ target }) => app.setLive(target.checked)} />
      <span className={styles["light"]} />
      {exploring.live.name}
    </label>
  );
}
