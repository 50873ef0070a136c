// What leads on from the shown picture, below it: four like it, or one that is drawn over it.
import { useId, type ReactNode } from "react";
import { LockIcon } from "../icons";
import { PictureCanvas } from "../stage/picture-canvas";
import { factsOf } from "../state";
import { strings } from "../strings";
import { exploring as says } from "../strings-exploring";
import { useApp, useAppState } from "../use-app";
import styles from "./explore.module.css";
import type { Tile } from "./state";

export function Explore(): ReactNode {
  const app = useApp();
  const hasPicture = useAppState(({ shown }) => shown !== undefined);
  const isOpen = useAppState(({ exploring }) => exploring.isOpen);
  const canDrawOver = useAppState((state) => factsOf(state)?.readsPictures === true);
  if (!hasPicture) return null;
  return (
    <>
      {isOpen && <Four />}
      <div className={styles["onward"]}>
        {!isOpen && (
          <button type="button" className={styles["action"]} title={says.four.about} onClick={() => void app.explore()}>
            {says.four.name}
          </button>
        )}
        {canDrawOver && (
          <button type="button" className={styles["action"]} title={says.start.overAbout} onClick={() => void app.startFromShown()}>
            {says.start.over}
          </button>
        )}
      </div>
    </>
  );
}

function Four(): ReactNode {
  const app = useApp();
  const { strength, tiles } = useAppState(({ exploring }) => exploring);
  const id = useId();
  return (
    <section className={styles["four"]} aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`} className={styles["title"]}>
        {says.four.name}
      </h2>
      <div className={styles["tiles"]}>
        {tiles.map((tile, index) => (
          <TileView key={index} tile={tile} index={index} />
        ))}
      </div>
      <div className={styles["controls"]}>
        <label htmlFor={id}>{says.four.difference}</label>
        <input
          id={id}
          type="range"
          min={0.05}
          max={1}
          step={0.05}
          value={strength}
          aria-valuetext={says.four.differenceOf(strength)}
          onChange={({ target }) => app.setDifference(target.valueAsNumber)}
        />
        <output htmlFor={id}>{says.four.differenceOf(strength)}</output>
        {/* The button that opened this is gone. */}
        <button type="button" autoFocus className={styles["action"]} onClick={() => void app.explore()}>
          {says.four.again}
        </button>
        <button type="button" className={styles["action"]} aria-label={says.four.close} onClick={() => app.closeExploring()}>
          {strings.dismiss}
        </button>
      </div>
    </section>
  );
}

function TileView({ tile: { recipe, picture, isHeld }, index }: { readonly tile: Tile; readonly index: number }): ReactNode {
  const app = useApp();
  const place = index + 1;
  const isShown = useAppState(({ shown }) => shown !== undefined && shown === picture);
  const drawn = useAppState(({ job }) => (picture === undefined ? job?.tiles?.find((one) => one.recipe === recipe) : undefined));
  const visible = picture?.picture ?? drawn?.preview;
  return (
    <div className={styles["tile"]} style={{ aspectRatio: `${recipe.width} / ${recipe.height}` }} data-drawing={drawn !== undefined}>
      <button
        type="button"
        className={styles["picture"]}
        aria-label={says.four.show(place)}
        aria-current={isShown}
        aria-disabled={picture === undefined}
        onClick={() => app.choose(index)}
      >
        {visible !== undefined && <PictureCanvas picture={visible} className={styles["canvas"]} label={undefined} />}
      </button>
      <button
        type="button"
        className={styles["hold"]}
        aria-label={says.four.hold(place)}
        title={says.four.hold(place)}
        aria-pressed={isHeld}
        onClick={() => app.hold(index, !isHeld)}
      >
        <LockIcon closed={isHeld} />
      </button>
    </div>
  );
}
