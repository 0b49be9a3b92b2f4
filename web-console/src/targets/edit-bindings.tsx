import { ArrowDown, ArrowUp, X } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useFunctions } from "../functions/queries";
import { Button } from "../ui/button";
import { TextLink } from "../ui/links";
import { ProblemNotice } from "../ui/notice";
import { moved } from "./order";
import { type Binding, type NewBinding, usePutBindings } from "./queries";

/** The whole list anew: who is in it, in which order, and what a failure of each means. */
export function EditBindings({
  target,
  before,
  onClose,
}: {
  target: string;
  before: Binding[];
  onClose: () => void;
}) {
  const put = usePutBindings(target);
  const [list, setList] = useState<NewBinding[]>(
    before.map(({ function: name, alias, on_error }) => ({ function: name, alias, on_error })),
  );
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4 px-5 pb-5">
      {list.length > 0 && (
        <ol aria-label="Functions in order" className="grid gap-2">
          {list.map((binding, place) => (
            <li
              key={binding.function}
              className="flex flex-wrap items-center gap-x-3 gap-y-2 rounded-control border border-line px-3 py-2"
            >
              <span className="figures w-5 text-muted">{place + 1}</span>
              <span className="min-w-[8rem] grow font-medium break-words">{binding.function}</span>
              <select
                aria-label={`When ${binding.function} fails`}
                className="control"
                value={binding.on_error}
                onChange={(event) => {
                  const on_error = event.target.value as NewBinding["on_error"];
                  setList(list.map((each) => (each === binding ? { ...each, on_error } : each)));
                }}
              >
                <option value="skip">the others stand</option>
                <option value="fail">the call fails</option>
              </select>
              <span className="flex">
                <Icon
                  label={`Move ${binding.function} up`}
                  disabled={place === 0}
                  onClick={() => setList(moved(list, place, -1))}
                >
                  <ArrowUp className="size-4" aria-hidden />
                </Icon>
                <Icon
                  label={`Move ${binding.function} down`}
                  disabled={place === list.length - 1}
                  onClick={() => setList(moved(list, place, 1))}
                >
                  <ArrowDown className="size-4" aria-hidden />
                </Icon>
                <Icon
                  label={`Take ${binding.function} out`}
                  onClick={() => setList(list.filter((each) => each !== binding))}
                >
                  <X className="size-4" aria-hidden />
                </Icon>
              </span>
            </li>
          ))}
        </ol>
      )}
      <Add
        target={target}
        bound={list.map((each) => each.function)}
        onAdd={(name) => setList([...list, { function: name, on_error: "skip" }])}
      />
      {put.isError && <ProblemNotice thrown={put.error} />}
      <div className="flex flex-wrap gap-2">
        <Button look="primary" busy={put.isPending} onClick={() => put.mutate(list, { onSuccess: onClose })}>
          Save the list
        </Button>
        <Button onClick={onClose}>Leave it</Button>
      </div>
    </div>
  );
}

function Icon({
  label,
  disabled,
  onClick,
  children,
}: {
  label: string;
  disabled?: boolean;
  onClick: () => void;
  children: ReactNode;
}) {
  return (
    <Button look="quiet" size="small" aria-label={label} title={label} disabled={disabled} onClick={onClick}>
      {children}
    </Button>
  );
}

/** The functions that answer the target and are not in the list yet. */
function Add({ target, bound, onAdd }: { target: string; bound: string[]; onAdd: (name: string) => void }) {
  const functions = useFunctions();
  const answering = (functions.data?.pages ?? [])
    .flatMap((page) => page.data)
    .filter((each) => each.target === target && !bound.includes(each.name));
  if (functions.isSuccess && answering.length === 0) {
    return (
      <p className="text-muted">
        No other function of yours answers {target}. <TextLink to="/functions/new">Create one</TextLink>.
      </p>
    );
  }
  return (
    <div className="flex flex-wrap items-center gap-2">
      <span className="text-muted">Add</span>
      {answering.map(({ name }) => (
        <Button key={name} size="small" aria-label={`Add ${name}`} onClick={() => onAdd(name)}>
          {name}
        </Button>
      ))}
    </div>
  );
}
