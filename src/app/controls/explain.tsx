// A question mark beside a control that says in plain words what the control does. It opens by
// click, touch or key and closes by Escape: the browser's own popover, no hovering needed.
// Controls name it by `aria-describedby`, so that it is also read with them.
import type { ReactNode } from "react";
import { strings } from "../strings";
import styles from "./explain.module.css";

interface Props {
  readonly id: string;
  /** The control's name. */
  readonly about: string;
  readonly children: string;
}

export function Explain({ id, about, children }: Props): ReactNode {
  return (
    <>
      <button type="button" className={styles["mark"]} aria-label={strings.explain(about)} popoverTarget={id}>
        ?
      </button>
      <p id={id} popover="auto" className={styles["words"]}>
        {children}
      </p>
    </>
  );
}
