// The seed, which can be typed, picked at random, or kept. One that is typed by hand is kept, because someone meant it.
import { useId, type ReactNode } from "react";
import { isSeed } from "../draft";
import { DiceIcon, LockIcon } from "../icons";
import { strings } from "../strings";
import { exploring } from "../strings-exploring";
import { useApp, useAppState } from "../use-app";
import controls from "./controls.module.css";
import styles from "./seed-field.module.css";

export function SeedField(): ReactNode {
  const app = useApp();
  const { seed, seedKept, variations = [] } = useAppState((state) => state.draft);
  const id = useId();
  const isValid = isSeed(seed);
  return (
    <div className={controls["field"]}>
      <label htmlFor={id}>{strings.seed}</label>
      <div className={styles["compound"]} data-invalid={!isValid}>
        <input
          id={id}
          inputMode="numeric"
          autoComplete="off"
          spellCheck={false}
          value={seed}
          aria-invalid={!isValid}
          aria-describedby={isValid ? undefined : `${id}-hint`}
          onChange={(event) => app.edit({ seed: event.target.value, seedKept: true })}
        />
        <button type="button" className="icon-button" aria-label={strings.rollSeed} title={strings.rollSeed} onClick={() => app.rollSeed()}>
          <DiceIcon />
        </button>
        <button
          type="button"
          className="icon-button"
          aria-label={strings.keepSeed}
          title={strings.keepSeed}
          aria-pressed={seedKept}
          onClick={() => app.edit({ seedKept: !seedKept })}
        >
          <LockIcon closed={seedKept} />
        </button>
      </div>
      {variations.length > 0 && (
        <p className={controls["hint"]}>
          {exploring.varied(variations)}.{" "}
          <button type="button" className={controls["link"]} onClick={() => app.edit({ variations: [] })}>
            {exploring.unvary}
          </button>
        </p>
      )}
      {!isValid && (
        <p id={`${id}-hint`} className={controls["hint"]}>
          {strings.seedInvalid}
        </p>
      )}
    </div>
  );
}
