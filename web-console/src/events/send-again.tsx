import { Send } from "lucide-react";
import { useState } from "react";
import { useNavigate } from "react-router";
import { Button } from "../ui/button";
import { Dialog, DialogActions } from "../ui/dialog";
import { JsonEditor, jsonFault } from "../ui/json-editor";
import { ProblemNotice } from "../ui/notice";
import { useSay } from "../ui/toast";
import { type EventDetail, useSendAgain } from "./queries";

/** Edits the data of an event, and sends it as a new one. */
export function SendAgain({ event }: { event: EventDetail }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <Send className="size-4" aria-hidden />
        Edit and send…
      </Button>
      <Dialog title={`Send ${event.type} again`} open={open} onClose={() => setOpen(false)}>
        <Edited event={event} onClose={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

function Edited({ event, onClose }: { event: EventDetail; onClose: () => void }) {
  const send = useSendAgain(event.id);
  const navigate = useNavigate();
  const say = useSay();
  const original = JSON.stringify(event.data, null, 2);
  const [text, setText] = useState(original);
  const submit = () => {
    if (jsonFault(text)) return;
    // Unchanged, it goes byte for byte as it came.
    const body = text === original ? {} : { data: JSON.parse(text) };
    send.mutate(body, {
      onSuccess: ({ event_id, deliveries }) => {
        say(deliveries === 1 ? "Sent: 1 delivery" : `Sent: ${deliveries} deliveries`);
        onClose();
        navigate(`/events/${event_id}`);
      },
    });
  };
  return (
    <>
      <p className="text-muted">
        It becomes a new event of the same type, caused by this one, and meets the subscriptions as they are
        now. Its runs are billed like any other.
      </p>
      <JsonEditor label="Data" text={text} onChange={setText} onSubmit={submit} />
      {send.isError && <ProblemNotice thrown={send.error} />}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button look="primary" busy={send.isPending} disabled={jsonFault(text) !== null} onClick={submit}>
          {send.isPending ? "Sending…" : "Send"}
        </Button>
      </DialogActions>
    </>
  );
}
