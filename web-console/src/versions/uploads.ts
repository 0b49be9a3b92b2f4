// Uploads under way, one a function. They outlive the page that began them, so that one may look around meanwhile.

import { useSyncExternalStore } from "react";
import { currentToken, refreshAccess } from "../api/access";
import type { Schemas } from "../api/client";
import { type Problem, problemIn } from "../api/problem";

export type Upload =
  | { phase: "sending"; file: string; sent_bytes: number; total_bytes: number }
  | { phase: "compiling"; file: string }
  | { phase: "settled"; file: string; version: Schemas["VersionDetail"] }
  | { phase: "failed"; file: string; problem: Problem };

const uploads = new Map<string, Upload>();
const listeners = new Set<() => void>();

/** Send a module as the next version of a function; with an alias, it moves there when the version is ready. */
export function startUpload(name: string, module: File, promote: string | null): void {
  const file = module.name;
  set(name, { phase: "sending", file, sent_bytes: 0, total_bytes: module.size });
  void send(name, module, promote).then(
    (version) => set(name, { phase: "settled", file, version }),
    (problem: Problem) => set(name, { phase: "failed", file, problem }),
  );
}

export function forgetUpload(name: string): void {
  uploads.delete(name);
  for (const listener of listeners) listener();
}

/** The last upload to this function in this window, if any. */
export function useUpload(name: string): Upload | undefined {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => uploads.get(name),
  );
}

function set(name: string, upload: Upload): void {
  uploads.set(name, upload);
  for (const listener of listeners) listener();
}

async function send(name: string, module: File, promote: string | null): Promise<Schemas["VersionDetail"]> {
  const answer = await post(name, module, promote);
  if (answer.status !== 401) return settled(answer);
  return settled((await refreshAccess()) ? await post(name, module, promote) : answer);
}

interface Answer {
  status: number;
  body: unknown;
}

function settled({ status, body }: Answer): Schemas["VersionDetail"] {
  if (status >= 200 && status < 300) return body as Schemas["VersionDetail"];
  throw problemIn(status, body);
}

/** By XMLHttpRequest, since `fetch` does not tell how much of a body was sent. */
function post(name: string, module: File, promote: string | null): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const query = promote ? `?promote=${promote}` : "";
    request.open("POST", `/v1/functions/${encodeURIComponent(name)}/versions${query}`);
    request.setRequestHeader("Authorization", `Bearer ${currentToken()}`);
    request.setRequestHeader("Content-Type", "application/wasm");
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) =>
      set(name, { phase: "sending", file: module.name, sent_bytes: loaded, total_bytes: total });
    request.upload.onload = () => set(name, { phase: "compiling", file: module.name });
    request.onload = () => resolve({ status: request.status, body: request.response });
    request.onerror = () =>
      reject({
        ...problemIn(0, null),
        detail: "The upload was cut off before the server answered. Nothing was kept; try again.",
      });
    request.send(module);
  });
}
