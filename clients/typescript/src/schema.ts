// Made from the OpenAPI document by `npm run generate` in web-console. Not to be edited.

export interface paths {
    "/v1/invoke/{function}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Run a function
         * @description Runs the version that the alias points at on the body, and answers with the function's output. What the run took stands in
         *     the headers.
         */
        post: operations["invoke_function"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/run/{target}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Call a target
         * @description Runs every function that the tenant bound to the target on the body, all at once, and answers with each result in the tenant's
         *     order. The body must obey the target's input schema, each output its output schema. With the platform's key only.
         */
        post: operations["run_target"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description Why something was not done (RFC 9457). `/docs/problems` says what each code means and what to do. */
        Problem: {
            /** @description Names the kind of problem: a page of the documentation. */
            type: string;
            /** @description The same for every problem of this code. */
            title: string;
            /**
             * Format: int32
             * @description The HTTP status.
             */
            status: number;
            /** @description What happened this time, and what to do. */
            detail: string;
            /** @description The path that was asked for. */
            instance?: string | null;
            /**
             * @description The stable code.
             * @example invalid_request
             */
            code: string;
            /** @description The request, as our logs name it. */
            request_id?: string | null;
            /** @description One entry per cause, where there are several. */
            errors?: Record<string, never>[] | null;
        };
        /** @description Why a run failed (RFC 9457): a problem, and what is known of the run. */
        FailedRun: {
            /** @description Names the kind of problem: a page of the documentation. */
            type: string;
            /** @description The same for every problem of this code. */
            title: string;
            /**
             * Format: int32
             * @description The HTTP status: 422.
             */
            status: number;
            /** @description What happened, and at which limit. */
            detail: string;
            /** @description How it ended. */
            code: components["schemas"]["ProblemCode"];
            /** @description The path that was asked for. */
            instance?: string | null;
            /** @description The request, as our logs name it. */
            request_id?: string | null;
            /** @description The run, as `GET /v1/invocations/{id}` has it. */
            invocation_id: string;
            /** @description The functions that were being called, the innermost first. */
            backtrace: string[];
            /** @description The end of its log. */
            log_tail: string;
            /**
             * Format: int64
             * @description The limit that it ended at, if it ended at one.
             */
            limit?: number | null;
            /**
             * Format: int64
             * @description How much of it it had used.
             */
            used?: number | null;
            /**
             * Format: int32
             * @description What it exited with, if it did.
             */
            exit_code?: number | null;
        };
        /**
         * @description Every stable code. A server may be newer than this list.
         * @enum {string}
         */
        ProblemCode: "invalid_request" | "unauthenticated" | "forbidden" | "not_found" | "method_not_allowed" | "conflict" | "idempotency_in_progress" | "idempotency_mismatch" | "request_timeout" | "input_too_large" | "unsupported_media_type" | "loop_detected" | "module_invalid" | "spend_cap_reached" | "rate_limited" | "concurrency_limited" | "quota_exceeded" | "shedding" | "not_ready" | "internal" | "fuel_exhausted" | "memory_exceeded" | "stack_overflow" | "deadline_exceeded" | "trap" | "exited" | "output_too_large" | "output_invalid" | "budget_exceeded";
        /** @description What a call of a target answers. */
        CallResults: {
            /** @description One of each function that is bound, in the tenant's order; none when nothing is bound. */
            results: components["schemas"]["CallResult"][];
        };
        /** @description One function's result in a call of a target. What did not run has neither a version nor an invocation. */
        CallResult: {
            /** @description The function's name. */
            function: string;
            /** @description The alias that its binding names. */
            alias: string;
            /**
             * Format: int32
             * @description The version that ran.
             */
            version: number | null;
            /** @description The run. */
            invocation_id: string | null;
            /** @description What it answered, if it did: it obeys the target's output schema. */
            output?: unknown;
            error?: components["schemas"]["Problem"] | null;
            /**
             * Format: int64
             * @description Fuel burned.
             */
            fuel: number;
            /**
             * Format: int64
             * @description Bytes of memory at most.
             */
            memory_peak_bytes: number;
            /**
             * Format: int64
             * @description Microseconds that it ran.
             */
            duration_us: number;
            /** @description Its list price, such as `0.0000012 USD`. */
            cost: string;
            /** @description Whether its result was known, and nothing ran: `hit`, `miss` or `off`. */
            cache: string;
            /**
             * Format: int64
             * @description Length of what it read of the payload, in bytes.
             */
            input_bytes: number;
            /**
             * Format: int64
             * @description Length of the payload, in bytes.
             */
            payload_bytes: number;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    invoke_function: {
        parameters: {
            query?: {
                /** @description By this alias; `live` when absent */
                alias?: string;
                /** @description This version, whatever aliases point at */
                version?: number;
            };
            header?: {
                /** @description With the platform's key: the tenant that it acts for, by name or id */
                "Cartwright-Tenant"?: string | null;
                /** @description A repeat within 24 hours, with the same key and input, is answered with the first result, and neither runs nor is billed again */
                "Idempotency-Key"?: string | null;
            };
            path: {
                /** @description The function's name */
                function: string;
            };
            cookie?: never;
        };
        /** @description The function's input */
        requestBody: {
            content: {
                "application/json": unknown;
            };
        };
        responses: {
            /** @description The function's output */
            200: {
                headers: {
                    /** @description `hit`: the result was known, and given without a run; `miss`: it ran, and its result is kept; `off`: it ran, and results are not kept */
                    "Cartwright-Cache"?: string;
                    /** @description Its list price, such as `0.0000012 USD` */
                    "Cartwright-Cost"?: string;
                    /** @description Microseconds that it ran */
                    "Cartwright-Duration-Us"?: number;
                    /** @description Fuel burned: the same for the same module and input on every machine */
                    "Cartwright-Fuel"?: number;
                    /** @description `true` where this is the first result of an `Idempotency-Key`, given again */
                    "Cartwright-Idempotent-Replay"?: boolean;
                    /** @description The run */
                    "Cartwright-Invocation-Id"?: string;
                    /** @description Bytes of memory at most */
                    "Cartwright-Memory-Peak"?: number;
                    /** @description The request, as our logs name it */
                    "Cartwright-Request-Id"?: string;
                    /** @description The version that ran */
                    "Cartwright-Version"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            /** @description `invalid_request`: the request cannot be read or breaks a rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: no valid credential */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `spend_cap_reached`: the tenant's own cap stops it */
            402: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: the credential does not allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: no such function, alias or version of this tenant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `idempotency_in_progress`: the first request with this key is still running */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `input_too_large`: the body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: the body is of the wrong kind */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The run failed; `code` says how: `fuel_exhausted`, `memory_exceeded`, `deadline_exceeded`, `trap`, `exited` and so on. Or, without a run, `idempotency_mismatch`: the key was used with another body */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["FailedRun"];
                };
            };
            /** @description `rate_limited`, `concurrency_limited`, `quota_exceeded`: `Retry-After` says when to come back */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: an error on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `shedding`, `not_ready`: it did not run, and is not billed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    run_target: {
        parameters: {
            query?: never;
            header: {
                /** @description The tenant whose functions run, by name or id */
                "Cartwright-Tenant": string;
                /** @description Milliseconds for the whole call, at most 60,000: who has not ended by then ends `budget_exceeded` */
                "Cartwright-Budget-Ms"?: number | null;
                /** @description A repeat within 24 hours, with the same key and payload, is answered with the first results, and nothing runs or is billed again */
                "Idempotency-Key"?: string | null;
            };
            path: {
                /** @description The target's name */
                target: string;
            };
            cookie?: never;
        };
        /** @description The payload */
        requestBody: {
            content: {
                "application/json": unknown;
            };
        };
        responses: {
            /** @description What each function answered, or why it did not */
            200: {
                headers: {
                    /** @description The sum of all list prices, such as `0.0000012 USD` */
                    "Cartwright-Cost"?: string;
                    /** @description `true` where these are the first results of an `Idempotency-Key`, given again */
                    "Cartwright-Idempotent-Replay"?: boolean;
                    /** @description The request, as our logs name it */
                    "Cartwright-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CallResults"];
                };
            };
            /** @description `invalid_request`: the payload breaks the target's input schema; `errors[]` has every place. Nothing ran */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: no valid credential */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: the credential does not allow this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: no such target */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `idempotency_in_progress`: the first call with this key is still running */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `input_too_large`: no bound function takes a payload of this size */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: the body is of the wrong kind */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A function failed whose binding says `on_error: fail`; `function` names it, `results` has all. Or, without a run, `idempotency_mismatch` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: an error on our side */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `shedding`, `not_ready`: nothing ran, and nothing is billed */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
