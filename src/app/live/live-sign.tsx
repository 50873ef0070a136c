// Stands on the picture while it is drawn live, in place of the bar that other pictures have: a bar that comes and goes with every letter
// would hide what somebody looks at.
import type { ReactNode } from "react";
import { exploring } from "../strings-exploring";
import styles from "./live.module.css";

export function LiveSign({ isWorking }: { readonly isWorking: boolean }): ReactNode {
  return (
    <div className={styles["sign"]} data-working={isWorking} aria-hidden="true">
      <span className={styles["light"]} />
      {exploring.live.name}
    </div>
  );
}
