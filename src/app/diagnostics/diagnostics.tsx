// Says what computes each network of the model, and lets people choose the engine.
import { useId, type ReactNode } from "react";
import { ENGINES } from "../../common/engine";
import type { ModelFacts } from "../../common/model-facts";
import { DOCTOR } from "../doctor/doctor-control";
import { paceOf } from "../live/pace";
import { ProductsField } from "../numbers/products-field";
import { WeightsField } from "../numbers/weights-field";
import { formatBytes, strings } from "../strings";
import { details } from "../strings-details";
import { doctor } from "../strings-doctor";
import { exploring } from "../strings-exploring";
import { keeping } from "../strings-keeping";
import { useApp, useAppState } from "../use-app";
import styles from "./diagnostics.module.css";

const AUTOMATIC = "automatic";

export function Diagnostics(): ReactNode {
  const app = useApp();
  const id = useId();
  const engine = useAppState((state) => state.engine);
  const model = useAppState((state) => state.model);
  return (
    <details className={styles["diagnostics"]}>
      <summary>{strings.diagnostics}</summary>
      <div className={styles["field"]}>
        <label htmlFor={id}>{strings.engine}</label>
        <select
          id={id}
          value={engine ?? AUTOMATIC}
          onChange={({ target }) => void app.useEngine(ENGINES.find((choice) => choice === target.value))}
        >
          <option value={AUTOMATIC}>{strings.automaticEngine}</option>
          {ENGINES.map((choice) => (
            <option key={choice} value={choice}>
              {strings.engines[choice]}
            </option>
          ))}
        </select>
      </div>
      <WeightsField />
      <ProductsField />
      <Measured />
      <LivePace />
      {model.kind === "ready" && <Facts facts={model.facts} />}
      <p className={styles["doctor"]}>
        <a href={`#${DOCTOR}`}>{doctor.open}</a>
      </p>
    </details>
  );
}

/** Which engine is the quickest here, and a way to find out. */
function Measured(): ReactNode {
  const app = useApp();
  const measuring = useAppState((state) => state.measuring);
  const canMeasure = useAppState(({ shown, job, model }) => shown !== undefined && job === undefined && model.kind === "ready");
  const isBusy = measuring?.current !== undefined;
  return (
    <div className={styles["measured"]}>
      <button type="button" aria-disabled={isBusy || !canMeasure} onClick={() => void app.measureEngines()}>
        {keeping.measure}
      </button>
      <p role="status">{measuring === undefined ? keeping.measureAbout : keeping.measured(measuring)}</p>
    </div>
  );
}

/** How quick drawing while typing was of late. */
function LivePace(): ReactNode {
  const frames = useAppState(({ live }) => live.frames);
  const pace = paceOf(frames);
  if (pace === undefined) return null;
  return (
    <dl className={styles["facts"]}>
      <div>
        <dt>{exploring.live.pace}</dt>
        <dd>{exploring.live.paceOf(pace)}</dd>
      </div>
    </dl>
  );
}

function Facts({ facts: { adapter, inFloat32, loras = [], memory, parts, revision, tuning } }: { readonly facts: ModelFacts }): ReactNode {
  return (
    <dl className={styles["facts"]}>
      <div>
        <dt>{strings.computedOn}</dt>
        <dd>{adapter === "cpu" ? strings.processor : adapter}</dd>
      </div>
      {memory !== undefined && (
        <div>
          <dt>{strings.memory}</dt>
          <dd>{strings.memoryOf(memory)}</dd>
        </div>
      )}
      {parts.some(({ engine }) => engine === "wgsl") && (
        <div>
          <dt>{details.products}</dt>
          <dd>{details.productsOf(tuning)}</dd>
        </div>
      )}
      {revision !== undefined && (
        <div>
          <dt>{details.version}</dt>
          <dd>{revision}</dd>
        </div>
      )}
      {loras.map(({ name, hash }) => (
        <div key={`lora ${name}`}>
          <dt>{details.lora}</dt>
          <dd>{hash === undefined ? name : `${name} (${hash})`}</dd>
        </div>
      ))}
      {inFloat32 !== undefined && (
        <div>
          <dt>{details.inFloat32Name}</dt>
          <dd>{details.networks(inFloat32)}</dd>
        </div>
      )}
      {parts.map(({ name, engine, byteLength, weights }) => (
        <div key={name}>
          <dt>{partName(name)}</dt>
          <dd data-engine={engine}>
            {weights === undefined ? strings.engines[engine] : `${strings.engines[engine]}, ${strings.weightFormats[weights]}`}
          </dd>
          <dd>{formatBytes(byteLength)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A network that the page has no name for is called by its folder. */
function partName(name: string): string {
  const names: Readonly<Record<string, string>> = details.parts;
  return names[name] ?? name;
}
