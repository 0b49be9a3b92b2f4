// What a caller needs: the client, its options and results, and what it throws.

export type {
  CallOptions,
  Invocation,
  InvokeOptions,
  Options,
  RunOptions,
  TargetCall,
  TargetResult,
} from "./client.js";
export { Cartwright } from "./client.js";
export { CartwrightError, FunctionError, NetworkError, ProblemError, TimeoutError } from "./errors.js";
export type { Problem, ProblemCode } from "./problem.js";
