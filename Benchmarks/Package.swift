// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "turnout-benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "turnout", path: ".."),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: [
        .executableTarget(
            name: "AttemptBenchmark",
            dependencies: [
                .product(name: "TurnoutGateway", package: "turnout"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
            ]),
        .executableTarget(name: "EncoderBenchmark", dependencies: [.product(name: "Turnout", package: "turnout")]),
        .executableTarget(name: "PolicyBenchmark", dependencies: [.product(name: "Turnout", package: "turnout")]),
        .executableTarget(name: "TransformerBenchmark", dependencies: [.product(name: "Turnout", package: "turnout")]),
    ]
)
