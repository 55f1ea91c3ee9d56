// SPDX-License-Identifier: Apache-2.0
import Machine
import TestSupport
import Testing

@Suite struct QuotaTests {
  private static let unified = "31 23 0:28 / /sys/fs/cgroup rw,relatime shared:4 - cgroup2 cgroup2 rw\n"
  private static let legacy =
    "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
    + "33 31 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
    + "32 31 0:29 /docker/abc /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"

  @Test func theTightestAncestorCounts() {
    let tree = RecordedTree([
      "/proc/self/cgroup": "0::/a/b/c\n", "/proc/self/mountinfo": Self.unified,
      "/sys/fs/cgroup/a/cpu.max": "150000 100000\n",
      "/sys/fs/cgroup/a/cpu.stat": "nr_periods 9\nnr_throttled 7\n",
      "/sys/fs/cgroup/a/b/cpu.max": "400000 100000\n", "/sys/fs/cgroup/a/b/c/cpu.max": "max 100000\n",
      "/sys/fs/cgroup/a/b/c/cpu.stat": "nr_periods 0\nnr_throttled 0\n",
    ])
    #expect(Quota.read(tree.files) == 1.5)
    #expect(Quota.throttled(tree.files) == 7)
  }

  @Test func withoutALimitTheOwnGroupIsCounted() {
    let tree = RecordedTree([
      "/proc/self/cgroup": "0::/a\n", "/proc/self/mountinfo": Self.unified,
      "/sys/fs/cgroup/a/cpu.max": "max 100000\n",
      "/sys/fs/cgroup/a/cpu.stat": "usage_usec 4\nnr_throttled 0\n",
      "/sys/fs/cgroup/cpu.stat": "usage_usec 4\n",
    ])
    #expect(Quota.read(tree.files) == nil)
    #expect(Quota.throttled(tree.files) == 0)
  }

  @Test func aRootGroupCountsNothing() {
    let tree = RecordedTree([
      "/proc/self/cgroup": "0::/\n", "/proc/self/mountinfo": Self.unified,
      "/sys/fs/cgroup/cpu.stat": "usage_usec 4\n",
    ])
    #expect(Quota.read(tree.files) == nil)
    #expect(Quota.throttled(tree.files) == nil)
  }

  @Test func readsTheFirstVersionBelowAContainersMount() {
    let tree = RecordedTree([
      "/proc/self/cgroup": "4:cpuset:/docker/abc\n3:cpu,cpuacct:/docker/abc/inner\n0::/\n",
      "/proc/self/mountinfo": Self.legacy,
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "50000\n",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.stat": "nr_periods 3\nnr_throttled 2\nthrottled_time 1\n",
      "/sys/fs/cgroup/cpu,cpuacct/inner/cpu.cfs_quota_us": "-1\n",
      "/sys/fs/cgroup/cpu,cpuacct/inner/cpu.cfs_period_us": "100000\n",
    ])
    #expect(Quota.read(tree.files) == 0.5)
    #expect(Quota.throttled(tree.files) == 2)
  }

  @Test func aPathOutsideTheMountLeavesTheMountPoint() {
    let tree = RecordedTree([
      "/proc/self/cgroup": "0::/../other\n", "/proc/self/mountinfo": Self.unified,
      "/sys/fs/cgroup/cpu.max": "200000 100000\n",
    ])
    #expect(Quota.read(tree.files) == 2)
  }

  @Test func withoutControlGroupsThereIsNoLimit() {
    let tree = RecordedTree([:])
    #expect(Quota.read(tree.files) == nil)
    #expect(Quota.throttled(tree.files) == nil)
  }
}
