// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// scripts/nightly with a program that measures by copying a row, judges as it is told to, and leaves the database
/// to the real one.
@Suite("nightly", .serialized, .enabled(if: Program.path != nil, "the built gmembench"))
struct NightlyTests {
  private let folder: Folder

  private static let standIn = """
    #!/usr/bin/env bash
    case "$1 $2" in
    "history check")
      [[ ${5-} != --confirm-with ]] || sh -c "$6"' "$@"' sh run --output "${4%/*}/again-1-1"
      echo "the verdict on $4"
      exit "${JUDGED:-0}"
      ;;
    "history "*) exec "$REAL" "$@" ;;
    esac
    options=" $* "
    while (($#)); do [[ $1 != --output ]] || folder=$2; shift; done
    mkdir "$folder" || exit 1
    id=$(date +%s%N)
    head -n 2 "$RECORDED/summary.csv" | sed "2s/^1,[^,]*/1,$id/" >"$folder/summary.csv" || exit
    sed -n "1p;3s/^[^,]*/$id/p" "$RECORDED/blocks.csv" >"$folder/blocks.csv" || exit
    echo "$id" >>measured
    eval "${MEANWHILE-}"
    exit "${ENDED:-0}"
    """

  /// `$0` is the real program.
  private static let prelude = """
    export REAL=$0
    night=("$SCRIPT" --directory nights --gmembench ./standin --wait 0 --notify 'cat >told; env | grep ^GMEMBENCH_ >>told')
    nightly() { "${night[@]}" "$@"; }
    points() { "$REAL" history export --database nights/history.sqlite | tail -n +2 | cut -d , -f 4 | sort; }
    folders() { (cd nights && ls -d [0-9]*); }
    wanted() { [[ $2 == "$3" ]] || echo "$1: $2, not $3"; }

    """

  init() throws {
    folder = try Folder()
    try Self.standIn.write(toFile: folder.path("standin"), atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path("standin"))
  }

  /// Runs a script in the folder; it says what is wrong.
  private func bash(_ script: String) throws -> Program.Outcome {
    // A worker thread's mask would be handed down, and no shell can take it back.
    var none = sigset_t()
    var before = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../..").standardized.path
    return try Program.run(
      [],
      wrapper: [
        "env", "-C", folder.url.path, "SCRIPT=\(root)/scripts/nightly",
        "RECORDED=\(root)/Results/amd-epyc-25.17.1-2cpu-1node-24gib-kvm/quick", "bash", "-c",
        Self.prelude + script,
      ])
  }

  private func told() throws -> String { try String(contentsOfFile: folder.path("told"), encoding: .utf8) }

  @Test(arguments: [0, 2]) func aNightIsMeasuredAddedJudgedAndTold(judged: Int) throws {
    let outcome = try bash(
      """
      JUDGED=\(judged) nightly; wanted status $? \(judged)
      wanted points "$(points)" "$(cat measured)"
      wanted folders "$(ls nights)" "$(printf '%s\\n' "$(folders)" history.sqlite lock)"
      """)
    #expect(outcome.output.split(separator: "\n").count == 2, "\(outcome.output)\(outcome.errors)")
    let told = try told()
    #expect(
      told.hasPrefix(judged == 0 ? "gmembench: no regression\n" : "gmembench: a regression\n"))
    #expect(told.contains(" added, 1 cases, 1 blocks") && told.contains("the verdict on "))
    #expect(told.contains("GMEMBENCH_STATUS=\(judged)\n") && told.contains("/nights/2"))
  }

  @Test func suspectsAreMeasuredAgainByTheSameProgramWithoutAWord() throws {
    let outcome = try bash(
      """
      MEANWHILE='echo "$options"' nightly --confirm >/dev/null 2>&1; wanted status $? 0
      [ -e nights/again-1-1/summary.csv ] || echo not measured
      grep -q ' --output .*again-1-1 --quiet ' told || cat told
      wanted folders "$(folders | wc -l)" 1
      """)
    #expect(outcome.output.isEmpty, "\(outcome.output)\(outcome.errors)")
  }

  @Test func twoAtOnceAreOne() throws {
    let outcome = try bash(
      """
      MEANWHILE='touch begun; until [ -e go ]; do sleep 0.1; done' "${night[@]}" >/dev/null 2>&1 & first=$!
      until [ -e begun ]; do sleep 0.1; done
      nightly; wanted second $? 75
      touch go; wait $first; wanted first $? 0
      wanted points "$(points)" "$(cat measured)"
      """)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.contains("another night is running here: process "), "\(outcome.errors)")
  }

  @Test func theLockOutlivesAKillAsLongAsSomethingMeasures() throws {
    let outcome = try bash(
      """
      MEANWHILE='trap "" TERM; touch begun; until [ -e go ]; do sleep 0.1; done' "${night[@]}" >/dev/null 2>&1 & first=$!
      until [ -e begun ]; do sleep 0.1; done
      kill -KILL $first; wait $first 2>/dev/null
      nightly 2>/dev/null; wanted second $? 75
      touch go
      while nightly >log 2>/dev/null; (($? == 75)); do sleep 0.1; done
      grep -q 'that was cut short' log || cat log
      wanted points "$(points)" "$(cat measured)"
      """)
    #expect(outcome.output.isEmpty, "\(outcome.output)")
  }

  @Test(arguments: ["INT", "TERM"]) func anInterruptionIsActedOnAndLosesNothing(signal: String) throws {
    let outcome = try bash(
      """
      # a background job of a script ignores INT, which env takes back
      MEANWHILE='trap "exit 130" TERM; touch begun; while :; do sleep 0.1; done' env --default-signal=INT \\
        "${night[@]}" >/dev/null 2>&1 & first=$!
      until [ -e begun ]; do sleep 0.1; done
      kill -\(signal) $first; wait $first; wanted status $? \(signal == "INT" ? 130 : 143)
      ! [ -e told ] && ! [ -e nights/history.sqlite ] || echo went on
      nightly >/dev/null 2>&1; wanted status $? 0
      wanted points "$(points)" "$(cat measured)"
      """)
    #expect(outcome.output.isEmpty, "\(outcome.output)\(outcome.errors)")
  }

  /// Killed at every 17th of the script's own commands, then carried on: each run that was measured is in the database,
  /// once, and nothing is left half done.
  @Test func killedAtWhateverMomentItLosesNothing() throws {
    let outcome = try bash(
      """
      echo 'case $0 in */nightly) steps=0; set -T; trap "((++steps < KILL_AT)) || kill -KILL \\$\\$" DEBUG ;; esac' >killer
      # an old night's run that is to go, and what a night left that was killed before it added
      nightly >/dev/null 2>&1; cp nights/history.sqlite .; nightly >/dev/null 2>&1; cp history.sqlite nights
      old=(nights/2*); mv "${old[0]}" nights/20200101T000000Z; mv "${old[1]}" nights/20200102T000000Z.part
      mkdir nights/20200103T000000Z.part nights/20200104T000000Z.gone
      mv nights made; mv measured before
      for ((step = 1, killed = 137; killed == 137; step += 17)); do
        rm -rf nights; cp -r made nights; cp before measured
        KILL_AT=$step BASH_ENV=$PWD/killer nightly >/dev/null 2>&1; killed=$?
        while nightly >/dev/null 2>log; (($? == 75)); do sleep 0.1; done
        wanted "step $step, points twice" "$(points | uniq -d)" ""
        wanted "step $step, measured and lost" "$(sort measured | comm -23 - <(points))" ""
        wanted "step $step, left" "$(ls nights | grep -vE '^(20[0-9T]*Z|lock|history.sqlite)$')" ""
        wanted "step $step, old ones" "$(ls nights | grep -c ^2020)" 0
      done
      ((step > 250)) || echo "$step steps are not a night"
      """)
    #expect(outcome.output.isEmpty, "\(outcome.output)\(outcome.errors)")
  }

  @Test func onlyOldRunsThatTheDatabaseHoldsAreRemoved() throws {
    let outcome = try bash(
      """
      for day in 1 2 3; do nightly >/dev/null 2>&1; done
      day=1; for run in nights/2*; do mv "$run" nights/2020010${day}T000000Z; ((day++)); done
      mkdir nights/20200104T000000 nights/mine nights/again-7-1 nights/again-7-2
      touch -d '-91 days' nights/mine nights/again-7-1
      cp -r nights/20200103T000000Z "nights/$(date -u -d '-80 days' +%Y%m%dT%H%M%SZ)"
      # no longer what the database holds
      sed -i '2s/,ok,/,unstable,/' nights/20200102T000000Z/summary.csv
      nightly; wanted status $? 1
      wanted again "$(cd nights && ls -d again*)" again-7-2
      wanted old "$(ls nights | grep ^2020)" "$(printf '%s\\n' 20200102T000000Z 20200104T000000)"
      [ -d nights/mine ] && wanted folders "$(folders | wc -l)" 4
      wanted points "$(points | wc -l)" 4
      nightly --keep 3 >/dev/null 2>&1; wanted folders "$(folders | wc -l)" 4
      # the newest one stays, however old
      nightly --directory other >/dev/null 2>&1; mv other/2* other/20200101T000000Z
      MEANWHILE='rm -r "$folder"' nightly --directory other >/dev/null 2>&1
      wanted newest "$(ls other | grep -c ^2020)" 1
      """)
    #expect(outcome.output.contains("with other content"), "\(outcome.output)\(outcome.errors)")
    #expect(outcome.output.contains("not every run is in the database"))
    #expect(!outcome.output.contains(", not "), "\(outcome.output)")
  }

  @Test func whatIsRefusedIsToldAndKept() throws {
    let outcome = try bash(
      """
      nightly >/dev/null 2>&1
      for damage in 'truncate -s 9000 nights/history.sqlite' 'echo text >nights/history.sqlite'; do
        cp -r nights good; eval "$damage"
        JUDGED=2 nightly >/dev/null 2>&1; wanted status $? 1
        grep -q 'history rebuild' told && grep -qx GMEMBENCH_STATUS=1 told || cat told
        wanted folders "$(folders | wc -l)" "$(wc -l <measured)"
        rm nights/history.sqlite*; mv good/history.sqlite nights; rm -r good
      done
      nightly >/dev/null 2>&1; wanted status $? 0
      wanted points "$(points)" "$(cat measured)"
      """)
    #expect(outcome.output.isEmpty, "\(outcome.output)\(outcome.errors)")
  }

  @Test func aFailureIsToldAndKeepsWhatThereIs() throws {
    let outcome = try bash(
      """
      ENDED=1 nightly >/dev/null 2>&1; wanted measuring $? 1
      JUDGED=1 nightly >/dev/null 2>&1; wanted judging $? 1
      nightly --notify 'exit 7' >/dev/null 2>&1; wanted telling $? 1
      JUDGED=2 nightly --notify false >/dev/null 2>&1; wanted both $? 2
      wanted points "$(points)" "$(cat measured)"
      MEANWHILE='rm -r "$folder"' nightly >/dev/null 2>&1; wanted folder $? 1
      MEANWHILE='rm -r "$folder"' ENDED=3 nightly; wanted nothing $? 1
      wanted points "$(points | wc -l)" 4
      """)
    #expect(outcome.output.contains("gmembench list says why"), "\(outcome.output)")
    #expect(!outcome.output.contains(", not "), "\(outcome.output)\(outcome.errors)")
  }

  @Test(
    .enabled(
      if: (try? Program.run(["--version"], wrapper: ["unshare", "-rm"]).status) == 0,
      "unshare -rm, to mount a file system"
    ))
  func aFullDiskIsToldAndTheNextNightAddsWhatThereIs() throws {
    let outcome = try bash(
      """
      mkdir nights
      unshare -rm bash -c "$(declare -p night; declare -f nightly points wanted)"'
        mount -t tmpfs -o size=2m tmpfs nights
        MEANWHILE="cat /dev/zero >nights/filler 2>/dev/null" nightly >/dev/null 2>&1; wanted full $? 1
        grep -q "no space left\\|is full" told || cat told
        nightly >/dev/null 2>&1; wanted "still full" $? 1
        rm nights/filler
        nightly >/dev/null 2>&1; wanted free $? 0
        wanted points "$(points)" "$(cat measured)"'
      """)
    #expect(outcome.output.isEmpty, "\(outcome.output)\(outcome.errors)")
  }

  @Test func aBusyMachineIsWaitedForInBounds() throws {
    let outcome = try bash(
      """
      nightly --wait 2s --load 0 --or-skip >/dev/null 2>&1; wanted skipped $? 75
      grep -q 'this night is skipped' told && grep -qx GMEMBENCH_STATUS=75 told && ! [ -e measured ] || cat told
      nightly --wait 1s --load 0 >/dev/null 2>&1; wanted measured $? 0
      grep -q 'did not become quiet: the load average is' told || cat told
      nightly --wait 1s --load 100000 --steal 0 >/dev/null 2>&1
      grep -q 'did not become quiet: the hypervisor took' told || cat told
      nightly --wait 2s --load 100000 --steal 101 >/dev/null 2>&1; wanted quiet $? 0
      ! grep -q 'did not become quiet' told || cat told
      wanted points "$(points)" "$(cat measured)"
      """)
    #expect(outcome.output.isEmpty, "\(outcome.output)\(outcome.errors)")
  }

  @Test(arguments: [
    "--keep 0", "--keep x", "--wait 5", "--wait 5days", "--load -1", "--steal 1%", "--source .", "--cpus 2",
    "--nonsense",
    "--notify", "nonsense",
  ])
  func badUsageIs64AndTouchesNothing(arguments: String) throws {
    let outcome = try bash("nightly \(arguments); wanted status $? 64; ! [ -e nights ] || echo touched")
    #expect(outcome.output.isEmpty, "\(outcome.output)")
  }
}
