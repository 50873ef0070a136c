// Chooses the number format of the model's weights, and says what memory each takes, and what computes in float32 since a picture broke.
import { useId, type ReactNode } from "react";
import { WEIGHT_CHOICES } from "../../common/weight-format";
import controls from "../controls/controls.module.css";
import { factsOf } from "../state";
import { details } from "../strings-details";
import { useApp, useAppState } from "../use-app";
import styles from "../diagnostics/diagnostics.module.css";

const AUTOMATIC = "automatic";

export function WeightsField(): ReactNode {
  const app = useApp();
  const id = useId();
  const { weights: chosen, inFloat32 = [] } = useAppState(({ numbers }) => numbers);
  const facts = useAppState(factsOf);
  const hasChoice = facts?.parts.some(({ engine }) => engine === "wgsl") !== false;
  return (
    <div className={styles["field"]}>
      <label htmlFor={id}>{details.weights}</label>
      <select
        id={id}
        value={chosen ?? AUTOMATIC}
        disabled={!hasChoice}
        aria-describedby={`${id}-about`}
        onChange={({ target }) => void app.useWeights(WEIGHT_CHOICES.find((choice) => choice === target.value))}
      >
        <option value={AUTOMATIC}>{details.fittingWeights}</option>
        {WEIGHT_CHOICES.map((choice) => (
          <option key={choice} value={choice}>
            {details.weightChoice(choice, facts?.memory?.byWeights[choice])}
          </option>
        ))}
      </select>
      <p id={`${id}-about`} className={styles["about"]}>
        {hasChoice ? details.weightsAbout : details.weightsOfGraphs}
      </p>
      {hasChoice && inFloat32.length > 0 && (
        <p className={styles["about"]}>
          {details.inFloat32(inFloat32)}{" "}
          <button type="button" className={controls["link"]} onClick={() => void app.tryFloat16()}>
            {details.tryFloat16}
          </button>
        </p>
      )}
    </div>
  );
}
