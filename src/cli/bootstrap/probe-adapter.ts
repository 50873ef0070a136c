// What the tests will compute on: prints "float16" or "float32", the number formats of the adapter, or
// fails where there is none. A program of its own, because Vulkan reads its variables at the start.
import { openDevice } from "../../engine/device";
import { nodeGpu } from "../../engine/node-gpu";

const device = await openDevice(nodeGpu());
process.stdout.write(device.hasFloat16 ? "float16" : "float32");
process.exit(0);
