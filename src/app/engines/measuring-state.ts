// How quick the engines are, as far as that is measured.
import type { Engine } from "../../common/engine";

export interface EngineTime {
  readonly engine: Engine;
  /** Of a picture, without loading and compiling. */
  readonly ms: number;
}

export interface MeasuringState {
  /** The engine that draws at this moment; undefined when it is done. */
  readonly current: Engine | undefined;
  /** The quickest comes first. Engines that cannot draw the model are not among them. */
  readonly times: readonly EngineTime[];
}
