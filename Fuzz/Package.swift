// swift-tools-version: 6.2
import PackageDescription

// libFuzzer has the main function.
let noMain: [SwiftSetting] = [.unsafeFlags(["-parse-as-library"])]

let package = Package(
    name: "turnout-fuzz",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "turnout", path: "..")],
    targets: [
        .executableTarget(
            name: "FuzzSafetensors", dependencies: [.product(name: "Turnout", package: "turnout")],
            swiftSettings: noMain),
        .executableTarget(
            name: "FuzzTokenizer", dependencies: [.product(name: "Turnout", package: "turnout")],
            swiftSettings: noMain),
    ]
)
