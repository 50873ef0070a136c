// Says beneath a field how long its text is for the model: tokens of a row, or tokens and rows.
import type { ReactNode } from "react";
import { details } from "../strings-details";
import { useAppState } from "../use-app";
import styles from "./text-count.module.css";

export function TextCount({ field }: { readonly field: "prompt" | "negative" }): ReactNode {
  const length = useAppState(({ lengths }) => lengths?.[field]);
  const isEmpty = useAppState(({ draft }) => draft[field].trim() === "");
  // A recipe that was opened is read as it says.
  const isCut = useAppState(({ draft }) => draft.keepsRows === true && draft.rows === undefined);
  // Where the text is empty the line stays, so that nothing moves when somebody begins to type.
  if (field === "negative" && (isEmpty || length === undefined)) return null;
  return <p className={styles["count"]}>{!isEmpty && length !== undefined && details.textLength(length, isCut)}</p>;
}
