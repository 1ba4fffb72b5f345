// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "turnout-benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "turnout", path: "..")],
    targets: [
        .executableTarget(name: "EncoderBenchmark", dependencies: [.product(name: "Turnout", package: "turnout")]),
        .executableTarget(name: "TransformerBenchmark", dependencies: [.product(name: "Turnout", package: "turnout")]),
    ]
)
