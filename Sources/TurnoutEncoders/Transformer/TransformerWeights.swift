import TurnoutCore
import TurnoutNumerics

/// The tensors of a model, wherever its files keep them and whatever they put before their names.
struct TransformerWeights: Sendable {
    /// The files, in the order of their names.
    let files: [SafetensorsFile]
    private let folder: ModelFolder
    private let places: [String: Int]
    private let prefix: String

    /// Opens `model.safetensors`, or the shards that `model.safetensors.index.json` names.
    ///
    /// - Parameters:
    ///   - folder: Where the files lie.
    ///   - prefix: What names begin with in files of models with a head, such as `bert.`.
    /// - Throws: `TurnoutError` with code `.io` or `.damagedFile`, naming the file.
    init(folder: ModelFolder, prefix: String) throws {
        if let archive = folder.archive {
            self.folder = folder
            self.files = [archive]
            self.places = Dictionary(uniqueKeysWithValues: archive.names.map { ($0, 0) })
            self.prefix = "encoder."
            return
        }
        struct Index: Decodable {
            let weight_map: [String: String]
        }
        var names = ["model.safetensors"]
        if let index = try folder.json(Index.self, "model.safetensors.index.json") {
            names = Set(index.weight_map.values).sorted()
            for name in names where name.contains("/") || name.hasPrefix(".") {
                throw TurnoutError(
                    .damagedFile,
                    "'\(folder.path(of: "model.safetensors.index.json"))' names '\(name)', which is no file beside it; fetch the model again"
                )
            }
        }
        self.folder = folder
        self.files = try names.map { name in
            guard folder.has(name) else {
                throw folder.has("pytorch_model.bin") ? folder.onlyPickled() : folder.missing(name)
            }
            return try SafetensorsFile(contentsOf: folder.path(of: name))
        }
        var places: [String: Int] = [:]
        for (i, file) in files.enumerated() {
            for name in file.names { places[name] = i }
        }
        self.places = places
        self.prefix = places.keys.contains { $0.hasPrefix(prefix) } ? prefix : ""
    }

    /// SHA-256 of each file's tensors; of an artifact, those of the encoder alone.
    var digests: [String] {
        guard let archive = folder.archive else { return files.map { $0.tensorDigest() } }
        return [archive.tensorDigest(of: archive.names.filter { $0.hasPrefix(prefix) }.sorted())]
    }

    /// The tensors of floats that the body has, by their names without prefix, sorted.
    var bodyTensors: [(name: String, tensor: SafetensorsTensor)] {
        get throws {
            try places.sorted { $0.key < $1.key }.filter { $0.key.hasPrefix(prefix) }.compactMap { name, place in
                let tensor = try files[place].tensor(name)
                guard [.f32, .f16, .bf16].contains(tensor.dtype) else { return nil }
                return (String(name.dropFirst(prefix.count)), tensor)
            }
        }
    }

    /// Whether the files have a tensor of the head, whose name has no prefix.
    func hasHeadTensor(_ name: String) -> Bool { places[name] != nil }

    /// The first axis of a tensor of the head; `nil` when there is none.
    func headOutputs(_ name: String) -> Int? {
        guard let place = places[name], let tensor = try? files[place].tensor(name) else { return nil }
        return tensor.shape.first
    }

    /// A tensor of the body, by its name without prefix.
    ///
    /// - Throws: `TurnoutError` with code `.damagedFile` when it is missing, not of floats or not of this shape.
    func tensor(_ name: String, shape: [Int]) throws -> SafetensorsTensor {
        try headTensor(prefix + name, shape: shape)
    }

    /// A tensor by its whole name.
    ///
    /// - Throws: `TurnoutError` with code `.damagedFile` when it is missing, not of floats or not of this shape.
    func headTensor(_ name: String, shape: [Int]) throws -> SafetensorsTensor {
        guard let place = places[name] else {
            throw TurnoutError(
                .damagedFile,
                "'\(folder.path)' has no tensor '\(name)' in \(files.map(\.name).joined(separator: ", ")); fetch the model again"
            )
        }
        let tensor = try files[place].tensor(name)
        guard tensor.shape == shape else {
            throw TurnoutError(
                .damagedFile,
                """
                '\(files[place].name)' has tensor '\(name)' of shape \(tensor.shape), where config.json asks for \
                \(shape); use the files of one model
                """)
        }
        guard [.f32, .f16, .bf16].contains(tensor.dtype) else {
            throw TurnoutError(
                .unsupported,
                """
                '\(files[place].name)' has tensor '\(name)' of kind \(tensor.dtype.rawValue), where F32, F16 or BF16 is \
                read; use the model as it was before it was quantised
                """)
        }
        return tensor
    }

    /// The elements of a tensor, checked to be finite.
    ///
    /// What was read of the file is given back to the system.
    func floats(_ tensor: SafetensorsTensor) throws -> [Float] {
        let floats = try tensor.floats()
        tensor.releasePages()
        guard floats.allSatisfy(\.isFinite) else {
            throw TurnoutError(
                .damagedFile,
                "tensor '\(tensor.name)' of '\(folder.path)' holds numbers that are not finite; fetch the model again")
        }
        return floats
    }

    /// One part of a linear layer: `name.weight` of `[outputs, inputs]` and `name.bias`.
    func linear(_ name: String, outputs: Int, inputs: Int, head: Bool = false) -> () throws -> PackedLinear.Part {
        let prefix = head ? "" : prefix
        return {
            PackedLinear.Part(
                weights: try floats(headTensor("\(prefix)\(name).weight", shape: [outputs, inputs])),
                bias: try floats(headTensor("\(prefix)\(name).bias", shape: [outputs])))
        }
    }

    /// A layer norm: `name.weight` and `name.bias`.
    func norm(_ name: String, width: Int, epsilon: Float) throws -> LayerNorm {
        LayerNorm(
            gain: try floats(tensor("\(name).weight", shape: [width])),
            shift: try floats(tensor("\(name).bias", shape: [width])), epsilon: epsilon)
    }
}
