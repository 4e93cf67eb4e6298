
# Added by the tests. A release's program unpacks its helpers at its first start; the built one has none inside and finds
# Debian's here, where the release's own scripts look for them when they end everything.
helpers=/var/lib/rancher/k3s/data/ci/bin
mkdir -p "$helpers" /var/lib/rancher/k3s/agent/etc/containerd /etc/rancher/k3s
# Copies, not links: a shim names itself by its true path, and the release's scripts end the shims that they find here.
for program in /usr/bin/containerd /usr/bin/containerd-shim-runc-v2 /usr/bin/ctr /usr/sbin/runc \
    /usr/lib/cni/bridge /usr/lib/cni/host-local /usr/lib/cni/loopback /usr/lib/cni/portmap /opt/k3s-helpers/flannel; do
    cp --update --preserve=mode,timestamps "$program" "$helpers/"
done
# Debian's flannel plugin speaks no newer version than this.
cat >/etc/rancher/k3s/flannel-cni.conflist <<'END'
{"name": "cbr0", "cniVersion": "0.4.0", "plugins": [
 {"type": "flannel", "delegate": {"hairpinMode": true, "forceAddress": true, "isDefaultGateway": true}},
 {"type": "portmap", "capabilities": {"portMappings": true}}]}
END
# What k3s writes itself, and restrict_oom_score_adj: a container may not raise its processes above its own score.
cat >/var/lib/rancher/k3s/agent/etc/containerd/config.toml.tmpl <<'END'
[plugins.opt]
  path = "/var/lib/rancher/k3s/agent/containerd"
[plugins.cri]
  restrict_oom_score_adj = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "10010"
  enable_unprivileged_ports = true
  enable_unprivileged_icmp = true
  sandbox_image = "registry.invalid/ci/pause:1"
[plugins.cri.containerd]
  snapshotter = "overlayfs"
  disable_snapshot_annotations = true
[plugins.cri.cni]
  bin_dir = "/var/lib/rancher/k3s/data/ci/bin"
  conf_dir = "/var/lib/rancher/k3s/agent/etc/cni/net.d"
[plugins.cri.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins.cri.containerd.runtimes.runc.options]
  SystemdCgroup = true
END
