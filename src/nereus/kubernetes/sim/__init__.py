"""A Kubernetes control plane on loopback with simulated nodes: admission and scheduling are real, containers are not.

The API server, the controllers, the scheduler and etcd are the upstream programs. Nodes and pods are simulated: a pod
that is scheduled counts as ready at once, whatever its image or its probes are. Where a controller cannot be had, a
stand-in makes the objects that the real one is documented to make, and whatever rests on it says so.
"""
