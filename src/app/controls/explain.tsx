// A question mark beside a control, which says in plain words what the control does. It is the browser's own
// popover: a click, a touch or a key opens it, Escape closes it, and nobody needs to hover.
// Controls name it by `aria-describedby`, so that it is read with them.
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
