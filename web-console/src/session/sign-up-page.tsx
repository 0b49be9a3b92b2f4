import { type FormEvent, useState } from "react";
import { Link, useSearchParams } from "react-router";
import { Button } from "../ui/button";
import { TextField } from "../ui/field";
import { ProblemNotice } from "../ui/notice";
import { Door } from "./door";
import { useSignUp } from "./sign-in";
import { slugOf } from "./slug";

export function SignUpPage() {
  const signUp = useSignUp();
  const [search] = useSearchParams();
  const [tenant, setTenant] = useState("");
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    signUp.mutate({ email: String(form.get("email")), password: String(form.get("password")), tenant });
  };
  return (
    <Door
      title="Create an account"
      note="Upload a function, try it, put it live. The plan has free runs; no card is asked for."
      foot={
        <>
          Have an account?{" "}
          <Link to={`/sign-in?${search}`} className="font-medium text-accent underline underline-offset-2">
            Sign in
          </Link>
        </>
      }
    >
      <form className="grid gap-4" onSubmit={submit}>
        {signUp.isError && <ProblemNotice thrown={signUp.error} />}
        <TextField
          label="Shop or team"
          name="tenant"
          hint="Lowercase letters, digits and hyphens. It names your tenant in addresses and logs."
          autoComplete="organization"
          placeholder="northwind"
          value={tenant}
          onChange={(event) => setTenant(slugOf(event.target.value))}
          maxLength={63}
          required
        />
        <TextField label="E-mail" name="email" type="email" autoComplete="username" required />
        <TextField label="Password" name="password" type="password" autoComplete="new-password" required />
        <Button type="submit" look="primary" busy={signUp.isPending}>
          {signUp.isPending ? "Creating your account…" : "Create account"}
        </Button>
      </form>
    </Door>
  );
}
