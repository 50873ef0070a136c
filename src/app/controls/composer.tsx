// What to draw, what to leave out, and the buttons. Enter draws, and Shift Enter begins a new line.
import { useId, useLayoutEffect, useRef, type KeyboardEvent, type ReactNode } from "react";
import { LiveSwitch } from "../live/live-switch";
import { WaitingButton } from "../queue/waiting-button";
import { CloseIcon } from "../icons";
import { canCancel } from "../state";
import { strings } from "../strings";
import { useApp, useAppState } from "../use-app";
import styles from "./composer.module.css";
import controls from "./controls.module.css";
import { SteeringDial } from "./steering-dial";
import { TextCount } from "../tokens/text-count";
import { TextRemarks } from "./text-remarks";

export function Composer(): ReactNode {
  const app = useApp();
  const { prompt, negative } = useAppState((state) => state.draft);
  const isBusy = useAppState(canCancel);
  const id = useId();
  const drawButton = useRef<HTMLButtonElement>(null);
  const cancelButton = useRef<HTMLButtonElement>(null);

  useLayoutEffect(() => {
    // It is disabled from now on, and would let the focus fall: by its own doing, or because the picture is there.
    if (!isBusy && document.activeElement === cancelButton.current) drawButton.current?.focus();
  }, [isBusy]);

  const drawOnEnter = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    // While an input method composes a character, Enter is its key.
    // With Ctrl it is one of the page's keys.
    if (event.key !== "Enter" || event.shiftKey || event.ctrlKey || event.metaKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    void app.draw();
  };

  return (
    <>
      <div className={controls["field"]}>
        <div className={styles["heading"]}>
          <label htmlFor={`${id}-prompt`} className={styles["lead"]}>
            {strings.prompt}
          </label>
          <button type="button" className={controls["link"]} onClick={() => app.surprise()}>
            {strings.surprise}
          </button>
        </div>
        <textarea
          id={`${id}-prompt`}
          name="prompt"
          className={styles["prompt"]}
          dir="auto"
          rows={3}
          value={prompt}
          placeholder={strings.promptPlaceholder}
          aria-keyshortcuts="Enter"
          aria-describedby={`${id}-prompt-remarks`}
          onChange={(event) => app.edit({ prompt: event.target.value })}
          onKeyDown={drawOnEnter}
        />
        <TextCount field="prompt" />
        <TextRemarks id={`${id}-prompt-remarks`} field="prompt" />
      </div>
      <div className={controls["field"]}>
        <label htmlFor={`${id}-negative`}>{strings.negative}</label>
        <textarea
          id={`${id}-negative`}
          className={styles["negative"]}
          dir="auto"
          rows={1}
          value={negative}
          placeholder={strings.negativePlaceholder}
          aria-describedby={`${id}-negative-remarks`}
          onChange={(event) => app.edit({ negative: event.target.value })}
          onKeyDown={drawOnEnter}
        />
        <TextCount field="negative" />
        <TextRemarks id={`${id}-negative-remarks`} field="negative" />
      </div>
      <SteeringDial />
      <div className={styles["actions"]}>
        <button ref={drawButton} type="submit" className={styles["draw"]} title={strings.shortcut}>
          {strings.generate}
        </button>
        <LiveSwitch />
        <WaitingButton />
        <button ref={cancelButton} type="button" className={styles["cancel"]} disabled={!isBusy} onClick={() => app.cancel()}>
          <span>{strings.cancel}</span>
          <CloseIcon />
        </button>
      </div>
    </>
  );
}
