import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answered, api, type Schemas } from "../api/client";

export type Message = Schemas["Message"];
export type MessageDetail = Schemas["MessageDetail"];
export type MessageAttempt = Schemas["MessageAttempt"];

export const MESSAGES = ["messages"];
const REFRESH_MS = 2_000;

/** Messages to one endpoint, newest first. The first page follows what happens. */
export function useMessages(endpoint: string, status: Message["status"] | undefined) {
  return useInfiniteQuery({
    queryKey: [...MESSAGES, "list", endpoint, status],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor }) =>
      answered(api.GET("/v1/messages", { params: { query: { endpoint, status, limit: 50, cursor } } })),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) <= 1 ? REFRESH_MS : false),
  });
}

export function useMessage(id: string) {
  return useQuery({
    queryKey: [...MESSAGES, id],
    queryFn: () => answered(api.GET("/v1/messages/{id}", { params: { path: { id } } })),
    refetchInterval: (query) => (query.state.data?.status === "pending" ? REFRESH_MS : false),
  });
}

export function useResend(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => answered(api.POST("/v1/messages/{id}/resend", { params: { path: { id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: MESSAGES }),
  });
}
