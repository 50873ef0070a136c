// What the tests will compute on: prints "float16" or "float32", the number formats of the adapter, or
// fails if there is none. It is a separate program, because Vulkan reads its variables at the start.
import { openDevice } from "../../engine/device";
import { nodeGpu } from "../../engine/node-gpu";

const device = await openDevice(nodeGpu());
process.stdout.write(device.hasFloat16 ? "float16" : "float32");
process.exit(0);
