import { Link, useSearchParams } from "react-router";
import { Button } from "../ui/button";
import { TextField } from "../ui/field";
import { ProblemNotice } from "../ui/notice";
import { Door } from "./door";
import { useSignIn } from "./sign-in";

export function SignInPage() {
  const signIn = useSignIn();
  const [search] = useSearchParams();
  return (
    <Door
      title="Sign in"
      note="To your functions, their runs and their bill."
      foot={
        <>
          New here?{" "}
          <Link to={`/sign-up?${search}`} className="font-medium text-accent underline underline-offset-2">
            Create an account
          </Link>
        </>
      }
    >
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          const form = new FormData(event.currentTarget);
          signIn.mutate({ email: String(form.get("email")), password: String(form.get("password")) });
        }}
      >
        {signIn.isError && <ProblemNotice thrown={signIn.error} />}
        <TextField label="E-mail" name="email" type="email" autoComplete="username" required />
        <TextField
          label="Password"
          name="password"
          type="password"
          autoComplete="current-password"
          required
        />
        <Button type="submit" look="primary" busy={signIn.isPending}>
          {signIn.isPending ? "Signing in…" : "Sign in"}
        </Button>
      </form>
    </Door>
  );
}
