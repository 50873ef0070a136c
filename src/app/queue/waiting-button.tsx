// How many pictures wait, beside Draw, where the list itself lies further down the page. It leads there.
import type { ReactNode } from "react";
import { queued } from "../strings-queue";
import { useAppState } from "../use-app";
import { focusQueue } from "./focus-queue";
import styles from "./waiting-list.module.css";

export function WaitingButton(): ReactNode {
  const count = useAppState(({ waiting }) => waiting.length);
  if (count === 0) return null;
  return (
    <button type="button" className={styles["button"]} title={queued.key} onClick={focusQueue}>
      {queued.short(count)}
    </button>
  );
}
