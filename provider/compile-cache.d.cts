// It exports nothing: it is for --require.
export {};
