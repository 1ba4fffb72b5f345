// swift-tools-version: 6.2
import PackageDescription

// libFuzzer has the main function.
let noMain: [SwiftSetting] = [.unsafeFlags(["-parse-as-library"])]

let package = Package(
    name: "turnout-fuzz",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "turnout", path: ".."), .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: [
        .executableTarget(
            name: "FuzzChatStream",
            dependencies: [
                .product(name: "TurnoutGateway", package: "turnout"), .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: noMain),
        .executableTarget(
            name: "FuzzSafetensors", dependencies: [.product(name: "Turnout", package: "turnout")],
            swiftSettings: noMain),
        .executableTarget(
            name: "FuzzTokenizer", dependencies: [.product(name: "Turnout", package: "turnout")],
            swiftSettings: noMain),
    ]
)
