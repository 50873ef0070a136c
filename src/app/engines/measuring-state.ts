// How quick the engines are, as far as that is measured.
import type { Engine } from "../../common/engine";

export interface EngineTime {
  readonly engine: Engine;
  /** Of a picture, without loading and compiling. */
  readonly ms: number;
}

/** An engine that could not draw the picture. */
export interface EngineFailure {
  readonly engine: Engine;
  /** In words for people. */
  readonly reason: string;
}

export interface MeasuringState {
  /** The engine that draws at this moment; undefined when it is done. */
  readonly current: Engine | undefined;
  /** The quickest comes first. */
  readonly times: readonly EngineTime[];
  /** In the order in which they were tried. */
  readonly failures: readonly EngineFailure[];
}
