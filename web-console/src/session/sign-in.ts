// Signing in, up and out. The refresh token comes as a cookie, since the client says that it is the console.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { dropAccess, grantAccess } from "../api/access";
import { answered, api, type Schemas } from "../api/client";

export function useSignIn() {
  return useMutation({ mutationFn: signIn });
}

/** Signs up, then in: e-mail verification blocks nothing. */
export function useSignUp() {
  return useMutation({
    mutationFn: async (who: Schemas["SignUp"]) => {
      await answered(api.POST("/v1/auth/signup", { body: who }));
      await signIn({ email: who.email, password: who.password });
    },
  });
}

export function useSignOut() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => answered(api.POST("/v1/auth/logout", { body: { refresh_token: null } })),
    // Out here in any case: whoever presses this means it, and the token was in this page's memory only.
    onSettled: () => {
      dropAccess();
      queries.clear();
    },
  });
}

async function signIn(who: Schemas["LogIn"]) {
  const tokens = await answered(api.POST("/v1/auth/login", { body: who }));
  grantAccess(tokens.access_token);
}
