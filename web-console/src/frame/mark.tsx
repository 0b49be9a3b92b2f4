/** The wheel: the mark of the product. */
export function Mark({ className }: { className?: string }) {
  return (
    <svg
      viewBox="0 0 32 32"
      fill="none"
      stroke="currentColor"
      strokeWidth="2.6"
      strokeLinecap="round"
      className={className}
      aria-hidden="true"
    >
      <circle cx="16" cy="16" r="12.5" />
      <circle cx="16" cy="16" r="3.2" fill="currentColor" />
      <path d="M16 4v8M16 20v8M5.6 10l6.9 4M19.5 18l6.9 4M26.4 10l-6.9 4M12.5 18l-6.9 4" />
    </svg>
  );
}
