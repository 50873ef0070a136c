// Where races are run: a browser's page, or this process.
import type { ColdHeat, WarmHeat } from "./heats";
import type { Side } from "./racer";
import type { RaceName } from "./races";

export interface Course {
  readonly adapter: string;
  /** What milliseconds are of. */
  readonly clock: "the wall" | "the processor";
  /** One side alone, where nothing has been compiled yet. */
  cold(name: RaceName, side: Side): Promise<ColdHeat>;
  /** Both sides on one device, alternating. */
  warm(name: RaceName): Promise<WarmHeat>;
  close(): Promise<void>;
}
