// Says that there is a newer version of the page, and asks before it changes to it. It waits while something is drawn or fetched.
import type { ReactNode } from "react";
import { isAtRest } from "./state";
import { strings } from "./strings";
import styles from "./update-notice.module.css";
import { useApp, useAppState } from "./use-app";

export function UpdateNotice(): ReactNode {
  const { store } = useApp();
  const update = useAppState((state) => (isAtRest(state) ? state.update : undefined));
  return (
    <div aria-live="polite" className={styles["place"]}>
      {update !== undefined && (
        <div className={styles["notice"]} data-update={update.kind}>
          <p>{strings.update[update.kind]}</p>
          <button type="button" className={styles["restart"]} onClick={update.restart}>
            {strings.update.restart}
          </button>
          <button type="button" className={styles["later"]} onClick={() => store.setState({ update: undefined })}>
            {strings.update.later}
          </button>
        </div>
      )}
    </div>
  );
}
