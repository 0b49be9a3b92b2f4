import { useThisFunction } from "../functions/this-function";
import { ButtonLink } from "../ui/button";
import { Empty } from "../ui/empty";
import { ProblemNotice } from "../ui/notice";
import { Skeleton } from "../ui/skeleton";
import { FunctionQuotasPanel } from "../usage/function-quotas-panel";
import { useVersion, useVersions } from "../versions/queries";
import { useConfig } from "./queries";
import { ResultsPanel } from "./results-panel";
import { SettingsEditor } from "./settings-editor";

/** What a function is given, whether its results are kept, and what it may take. */
export function SettingsPage() {
  const { name } = useThisFunction();
  return (
    <div className="space-y-6">
      <Settings />
      <ResultsPanel />
      <FunctionQuotasPanel name={name} />
    </div>
  );
}

/** The settings of a function, by the schema that its live version carries (or else its newest that is ready). */
function Settings() {
  const { name, live, config_version } = useThisFunction();
  const list = useVersions(name);
  const newest = list.data?.pages.flatMap((page) => page.data).find((row) => row.status === "ready");
  const version = useVersion(name, live ?? newest?.version ?? null);
  const config = useConfig(name, config_version);

  if (list.isError) return <ProblemNotice thrown={list.error} retry={() => list.refetch()} />;
  if (list.isSuccess && !live && !newest) {
    return (
      <Empty title="There is nothing to set yet">
        <p className="mb-4">
          A module carries the schema of its settings. Upload one, and its form appears here.
        </p>
        <ButtonLink to={`/functions/${name}`}>Upload a module</ButtonLink>
      </Empty>
    );
  }
  if (config.isError) return <ProblemNotice thrown={config.error} retry={() => config.refetch()} />;
  if (version.isError) return <ProblemNotice thrown={version.error} retry={() => version.refetch()} />;
  if (version.isPending || config.isPending) return <Skeleton lines={6} />;
  return (
    <SettingsEditor
      key={`${version.data.version}/${config_version}`}
      name={name}
      version={version.data.version}
      schema={version.data.settings_schema}
      saved={config.data}
    />
  );
}
