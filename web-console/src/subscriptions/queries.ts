import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { answered, api, type Schemas } from "../api/client";
import { DELIVERIES } from "../deliveries/queries";

export type Subscription = Schemas["Subscription"];
export type NewSubscription = Schemas["NewSubscription"];
export type RetryPolicy = Schemas["RetryPolicy"];
export type SubscriptionChange = Schemas["SubscriptionChange"];

const SUBSCRIPTIONS = ["subscriptions"];
const REFRESH_MS = 5_000;

/** The subscriptions of one function. One may be paused at any time, by deliveries that died. */
export function useSubscriptions(name: string) {
  return useInfiniteQuery({
    queryKey: [...SUBSCRIPTIONS, name],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor }) =>
      answered(api.GET("/v1/subscriptions", { params: { query: { function: name, limit: 100, cursor } } })),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: REFRESH_MS,
  });
}

export function useCreateSubscription() {
  return useSubscriptionMutation((body: NewSubscription) =>
    answered(api.POST("/v1/subscriptions", { body })),
  );
}

export function useChangeSubscription(id: string) {
  return useSubscriptionMutation((body: SubscriptionChange) =>
    answered(api.PATCH("/v1/subscriptions/{id}", { params: { path: { id } }, body })),
  );
}

export function useDeleteSubscription(id: string) {
  return useSubscriptionMutation(() =>
    answered(api.DELETE("/v1/subscriptions/{id}", { params: { path: { id } } })),
  );
}

function useSubscriptionMutation<Wanted, Answer>(mutationFn: (wanted: Wanted) => Promise<Answer>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn,
    onSuccess: () => {
      queries.invalidateQueries({ queryKey: DELIVERIES });
      return queries.invalidateQueries({ queryKey: SUBSCRIPTIONS });
    },
  });
}
