// Chooses whether matrix products are computed as was measured on this GPU, or by the table that holds for all.
import { useId, type ReactNode } from "react";
import { isSoftwareGpu } from "../../common/adapter-info";
import styles from "../diagnostics/diagnostics.module.css";
import { factsOf } from "../state";
import { details } from "../strings-details";
import { useApp, useAppState } from "../use-app";

const MEASURED = "measured";

export function ProductsField(): ReactNode {
  const app = useApp();
  const id = useId();
  const chosen = useAppState(({ numbers }) => numbers.products);
  const facts = useAppState(factsOf);
  // Graphs are computed by ONNX Runtime's kernels, and a processor that stands in for a GPU has no tiles to choose from.
  if (facts !== undefined && (isSoftwareGpu(facts.adapter) || !facts.parts.some(({ engine }) => engine === "wgsl"))) return null;
  return (
    <div className={styles["field"]}>
      <label htmlFor={id}>{details.products}</label>
      <select
        id={id}
        value={chosen ?? MEASURED}
        aria-describedby={`${id}-about`}
        onChange={({ target }) => void app.useProducts(target.value === MEASURED ? undefined : "table")}
      >
        <option value={MEASURED}>{details.measuredProducts}</option>
        <option value="table">{details.productsByTable}</option>
      </select>
      <p id={`${id}-about`} className={styles["about"]}>
        {details.productsAbout}
      </p>
    </div>
  );
}
