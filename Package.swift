// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "turnout",
    platforms: [.macOS(.v15), .iOS(.v18)],
    products: [
        .library(name: "Turnout", targets: ["Turnout"]),
        .library(name: "TurnoutTraining", targets: ["TurnoutTraining"]),
        .library(name: "TurnoutEvaluation", targets: ["TurnoutEvaluation"]),
        .library(name: "TurnoutGateway", targets: ["TurnoutGateway"]),
        .library(name: "TurnoutTesting", targets: ["TurnoutTesting"]),
        .executable(name: "turnout", targets: ["turnout-cli"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Deciding: pure, synchronous, no network. Builds for iOS and macOS too.
        .target(name: "TurnoutCore", dependencies: ["CTurnoutDefaults"]),
        .target(name: "CTurnoutKernels"),
        .target(name: "TurnoutNumerics", dependencies: ["TurnoutCore", "CTurnoutKernels"]),
        .target(
            name: "CTurnoutDefaults",
            exclude: [
                "static-encoder.safetensors", "default-router.safetensors", "catalogue.jsonl",
                "task-classifier.safetensors",
            ]),
        .target(
            name: "TurnoutEncoders",
            dependencies: [
                "TurnoutNumerics", "CTurnoutDefaults", .product(name: "Crypto", package: "swift-crypto"),
            ]),
        .target(
            name: "TurnoutRouting",
            dependencies: ["TurnoutEncoders", .product(name: "Crypto", package: "swift-crypto")]),
        // Not in Sources/Turnout: that is Sources/turnout where file names ignore case.
        .target(
            name: "Turnout", dependencies: ["TurnoutCore", "TurnoutEncoders", "TurnoutNumerics", "TurnoutRouting"],
            path: "Sources/TurnoutLibrary"),

        // The laboratory.
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(
            name: "TurnoutEvaluation",
            dependencies: ["TurnoutRouting", "CZlib", .product(name: "Crypto", package: "swift-crypto")]),
        .target(
            name: "TurnoutTraining",
            dependencies: ["TurnoutEvaluation", .product(name: "Crypto", package: "swift-crypto")]),

        // The gateway.
        .target(
            name: "TurnoutProviders",
            dependencies: [
                "TurnoutCore",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ]),
        .target(
            name: "TurnoutHub",
            dependencies: [
                "TurnoutEncoders",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ]),
        .target(
            name: "TurnoutGateway",
            dependencies: [
                "TurnoutRouting", "TurnoutProviders",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            ]),
        .target(
            name: "TurnoutServer",
            dependencies: [
                "TurnoutGateway", "TurnoutHub",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ]),
        // A provider that misbehaves on demand, for our tests and for everybody's.
        .target(
            name: "TurnoutTesting",
            dependencies: [
                "TurnoutCore",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]),
        .executableTarget(
            name: "turnout-cli",
            dependencies: [
                "TurnoutHub", "TurnoutTraining", "TurnoutServer", "TurnoutTesting",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Sources/turnout"),

        // A model hub on this machine, for the tests of two targets.
        .target(
            name: "FakeHub",
            dependencies: [
                .product(name: "Crypto", package: "swift-crypto"), .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Tests/FakeHub"),
        .testTarget(name: "TurnoutCoreTests", dependencies: ["TurnoutCore"]),
        .testTarget(name: "TurnoutNumericsTests", dependencies: ["TurnoutNumerics"]),
        .testTarget(name: "TurnoutEncodersTests", dependencies: ["TurnoutEncoders"], resources: [.copy("Fixtures")]),
        .testTarget(name: "TurnoutRoutingTests", dependencies: ["TurnoutRouting"], resources: [.copy("Fixtures")]),
        .testTarget(
            name: "TurnoutEvaluationTests", dependencies: ["TurnoutEvaluation"], resources: [.copy("Fixtures")]),
        .testTarget(name: "TurnoutTrainingTests", dependencies: ["TurnoutTraining"], resources: [.copy("Fixtures")]),
        .testTarget(
            name: "TurnoutHubTests",
            dependencies: [
                "TurnoutHub", "FakeHub", .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
            ]),
        .testTarget(name: "TurnoutProvidersTests", dependencies: ["TurnoutProviders"]),
        .testTarget(
            name: "TurnoutGatewayTests", dependencies: ["TurnoutGateway", "TurnoutTesting"],
            resources: [.copy("Fixtures")]),
        .testTarget(name: "TurnoutServerTests", dependencies: ["TurnoutServer", "TurnoutTesting"]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: ["turnout-cli", "FakeHub", .product(name: "NIOHTTP1", package: "swift-nio")],
            resources: [.copy("Clients")]),
    ]
)

// One loop, so that no target can be laxer than its neighbour.
for target in package.targets where target.type != .system {
    target.swiftSettings =
        (target.swiftSettings ?? []) + [
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("MemberImportVisibility"),
            .enableUpcomingFeature("InternalImportsByDefault"),
            .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        ]
}
