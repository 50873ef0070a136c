// Says under a field how much of its text was read, and which of its words the model does not know. The field names
// this element as its description, so it is read with the field and interrupts nobody.
import { Fragment, useEffect, useState, type ReactNode } from "react";
import { spansOf } from "../../common/emphasis";
import { readBeforeCut } from "../cut-text";
import { unknownWords } from "../known-words";
import { knownFactsOf } from "../known-facts";
import { strings } from "../strings";
import { useApp, useAppState } from "../use-app";
import styles from "./controls.module.css";

/** A pause longer than those between two keys, so that no word is remarked on while it is typed. */
const PAUSE_MS = 600;

/** How many words a remark names, and how much of each: nobody reads a longer sentence. */
const NAMED_WORDS = 6;
const WORD_LENGTH = 24;

export function TextRemarks({ id, field }: { readonly id: string; readonly field: "prompt" | "negative" }): ReactNode {
  const app = useApp();
  const read = useAppState(({ draft, shown }) => readBeforeCut(field, draft, shown));
  const text = useAfterPause(useAppState(({ draft }) => draft[field]));
  const known = useAppState((state) => state.knownWords);
  const title = useAppState((state) => knownFactsOf(state)?.title);
  const unknown = known === undefined || title === undefined ? [] : unknownWords(text, known);
  const isLiteral = useAppState(({ draft }) => draft.isLiteral);
  const weighed = isLiteral === true ? [] : spansOf(text).flatMap((span) => (span === "break" || span.weight === 1 ? [] : [span]));
  const hasUnknown = title !== undefined && unknown.length > 0;
  return (
    <>
      <div id={id} className={styles["remarks"]}>
        {read !== undefined && <p>{strings.textCut(read)}</p>}
        {weighed.length > 0 && (
          <p>
            {strings.weighed}
            {weighed.slice(0, NAMED_WORDS).map((span, index) => (
              <Fragment key={index}>
                {index > 0 && ", "}
                <bdi>{shortened(span.text.trim())}</bdi>
                {` × ${Number(span.weight.toFixed(2))}`}
              </Fragment>
            ))}
            {weighed.length > NAMED_WORDS && strings.moreWords(weighed.length - NAMED_WORDS)}
          </p>
        )}
        {hasUnknown && (
          <p>
            {strings.unknownWords(title)}
            {unknown.slice(0, NAMED_WORDS).map((word, index) => (
              <Fragment key={word}>
                {index > 0 && ", "}
                <bdi>{shortened(word)}</bdi>
              </Fragment>
            ))}
            {unknown.length > NAMED_WORDS && strings.moreWords(unknown.length - NAMED_WORDS)}
          </p>
        )}
      </div>
      {hasUnknown && field === "prompt" && (
        <>
          <p className={styles["hint"]}>{strings.drawsOnly}</p>
          <div className={styles["ways"]}>
            <button type="button" className={styles["link"]} onClick={() => app.surprise()}>
              {strings.tryIdea}
            </button>
            <button type="button" className={styles["link"]} onClick={() => app.openModels()}>
              {strings.moreModels}
            </button>
          </div>
        </>
      )}
    </>
  );
}

function shortened(word: string): string {
  const letters = [...word];
  return letters.length > WORD_LENGTH ? `${letters.slice(0, WORD_LENGTH).join("")}…` : word;
}

/** The value as it was when it last stayed the same for a pause. */
function useAfterPause<T>(value: T): T {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return rested;
}
