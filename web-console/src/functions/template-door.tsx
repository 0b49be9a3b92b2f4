import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";
import { slugOf } from "../session/slug";
import { Button } from "../ui/button";
import { TextField } from "../ui/field";
import { ProblemNotice } from "../ui/notice";
import { startUpload } from "../versions/uploads";
import { useCreateFunction } from "./queries";
import { TEMPLATES, type Template, templateModule } from "./templates";

/** Pick one of our modules and a name: creates the function, uploads the module and makes it live. */
export function TemplateDoor() {
  const [picked, setPicked] = useState<Template | undefined>(TEMPLATES[0]);
  const [name, setName] = useState(picked?.name ?? "");
  const create = useCreateFunction();
  const navigate = useNavigate();
  const start = useMutation({
    mutationFn: async (template: Template) => {
      const module = await templateModule(template);
      await create.mutateAsync({ name, target: template.target });
      return module;
    },
    onSuccess: (module) => {
      startUpload(name, module, "live");
      void navigate(`/functions/${name}`);
    },
  });
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (picked) start.mutate(picked);
      }}
    >
      <fieldset className="grid gap-2">
        <legend className="sr-only">Template</legend>
        {TEMPLATES.map((template) => (
          <label
            key={template.name}
            className="flex cursor-pointer items-start gap-3 rounded-control border border-line px-3.5 py-2.5 transition-colors hover:border-edge has-[:checked]:border-accent has-[:checked]:bg-accent-wash has-[:focus-visible]:outline-2 has-[:focus-visible]:outline-accent"
          >
            <input
              type="radio"
              name="template"
              className="mt-1 accent-accent outline-none"
              checked={picked === template}
              onChange={() => {
                setPicked(template);
                if (TEMPLATES.some((one) => one.name === name) || name === "") setName(template.name);
              }}
            />
            <span>
              <span className="block font-medium">{template.title}</span>
              <span className="block text-[13.5px] text-muted">{template.description}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <TextField
        label="Name of the function"
        value={name}
        onChange={(event) => setName(slugOf(event.target.value))}
        maxLength={63}
        required
      />
      {start.isError && <ProblemNotice thrown={start.error} />}
      <Button type="submit" look="primary" busy={start.isPending} className="justify-self-start">
        {start.isPending ? "Creating…" : "Create from template"}
      </Button>
    </form>
  );
}
