"""Remote execution: the server stays outside the cluster, its content runs inside."""
