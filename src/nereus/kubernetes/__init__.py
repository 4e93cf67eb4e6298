"""The platform on Kubernetes: what is rendered from the plan, checked, applied and looked after."""
