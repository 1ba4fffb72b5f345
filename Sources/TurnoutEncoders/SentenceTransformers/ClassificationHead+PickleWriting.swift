import TurnoutCore
import TurnoutNumerics

extension ClassificationHead {
    /// The bytes of a `model_head.pkl` that Python's `SetFitModel` opens: this head as a scikit-learn
    /// `LogisticRegression`, in joblib's format.
    ///
    /// Protocol 2, and arrays as joblib before 1.2 wrote them, which every version of joblib and NumPy reads. The
    /// estimator has the attributes of scikit-learn 1.9 and, beside them, those that earlier versions look at.
    ///
    /// - Throws: `TurnoutError` with code `.unsupported` for three or more classes fitted one against the rest, which
    ///   current versions would read as something else.
    /// - Complexity: O(weights)
    public func pickled() throws -> [UInt8] {
        guard classes.count == 2 || link == .softmax else {
            throw TurnoutError(
                .unsupported,
                """
                a head fitted one class against the rest cannot be saved for Python, whose scikit-learn would read it as \
                one regression over all classes; train it again
                """)
        }
        var writer = PickleWriter()
        writer.begin()
        writer.newObject(module: "sklearn.linear_model._logistic", name: "LogisticRegression")
        writer.attributes {
            for (name, value) in Self.settings { $0.entry(name, value) }
            $0.entry("n_features_in_", .integer(weights.columns))
            $0.entry("n_iter_", int32: [1])
            $0.entry("classes_", labels: classes)
            $0.entry("coef_", floats: weights.storage, shape: [weights.rows, weights.columns])
            $0.entry("intercept_", floats: bias, shape: [bias.count])
            $0.entry("_sklearn_version", .text("1.9.1"))
        }
        writer.end()
        return writer.bytes
    }

    /// The arguments of the estimator: the defaults, under the names that some version or other gives them.
    private static let settings: [(String, PickleValue)] = [
        ("penalty", .text("l2")), ("C", .double(1)), ("l1_ratio", .double(0)), ("dual", .bool(false)),
        ("tol", .double(1e-4)), ("fit_intercept", .bool(true)), ("intercept_scaling", .integer(1)),
        ("class_weight", .none), ("random_state", .none), ("solver", .text("lbfgs")), ("max_iter", .integer(100)),
        ("multi_class", .text("auto")), ("verbose", .integer(0)), ("warm_start", .bool(false)), ("n_jobs", .none),
    ]
}

/// Writes the few things of which ``ClassificationHead/pickled()`` is made.
private struct PickleWriter {
    private(set) var bytes: [UInt8] = []

    mutating func begin() {
        put(.protocolVersion)
        bytes.append(2)
    }

    mutating func end() { put(.stop) }

    /// An object without arguments; ``attributes(_:)`` fill it in.
    mutating func newObject(module: String, name: String) {
        global(module, name)
        put(.emptyTuple)
        put(.newObject)
    }

    /// Fills in the object on the stack.
    mutating func attributes(_ entries: (inout PickleWriter) -> Void) {
        put(.emptyDictionary)
        put(.mark)
        entries(&self)
        put(.setItems)
        put(.build)
    }

    mutating func entry(_ key: String, _ value: PickleValue) {
        text(key)
        self.value(value)
    }

    mutating func entry(_ key: String, floats: [Float], shape: [Int]) {
        entry(key, type: "f4", shape: shape, contents: Self.littleEndian(floats.map(\.bitPattern)))
    }

    mutating func entry(_ key: String, int32 numbers: [Int32]) {
        entry(key, type: "i4", shape: [numbers.count], contents: Self.littleEndian(numbers))
    }

    /// Numbers as 64-bit integers; words, or numbers among words, as UTF-32.
    mutating func entry(_ key: String, labels: [ClassLabel]) {
        let numbers = labels.compactMap { if case .integer(let number) = $0 { Int64(number) } else { nil } }
        if numbers.count == labels.count {
            return entry(key, type: "i8", shape: [numbers.count], contents: Self.littleEndian(numbers))
        }
        let words = labels.map { Array($0.description.unicodeScalars.map(\.value)) }
        let width = max(1, words.map(\.count).max() ?? 1)
        let padded = words.flatMap { $0 + [UInt32](repeating: 0, count: width - $0.count) }
        entry(key, type: "U\(width)", shape: [labels.count], contents: Self.littleEndian(padded))
    }

    /// joblib's place holder of an array, and after it the bytes.
    private mutating func entry(_ key: String, type: String, shape: [Int], contents: [UInt8]) {
        text(key)
        newObject(module: "joblib.numpy_pickle", name: "NumpyArrayWrapper")
        attributes {
            $0.text("subclass")
            $0.global("numpy", "ndarray")
            $0.text("shape")
            $0.tuple(shape.map(PickleValue.integer))
            $0.entry("order", .text("C"))
            $0.text("dtype")
            $0.type(type)
            $0.entry("allow_mmap", .bool(false))
        }
        bytes += contents
    }

    private mutating func type(_ code: String) {
        global("numpy", "dtype")
        tuple([.text(code), .bool(false), .bool(true)])
        put(.reduce)
        let isText = code.hasPrefix("U")
        let size = isText ? 4 * (Int(code.dropFirst()) ?? 0) : -1
        tuple([
            .integer(3), .text("<"), .none, .none, .none, .integer(size), .integer(isText ? 4 : -1),
            .integer(isText ? 8 : 0),
        ])
        put(.build)
    }

    private mutating func tuple(_ values: [PickleValue]) {
        put(.mark)
        for value in values { self.value(value) }
        put(.tuple)
    }

    private mutating func value(_ value: PickleValue) {
        switch value {
        case .bool(let flag): put(flag ? .newTrue : .newFalse)
        case .integer(let number):
            put(.long1)
            bytes.append(8)
            bytes += Self.littleEndian([Int64(number)])
        case .double(let number):
            put(.double)
            bytes += Self.littleEndian([number.bitPattern.byteSwapped])
        case .text(let text): self.text(text)
        case .none, .bytes, .name, .object: put(.none)
        }
    }

    private mutating func text(_ text: String) {
        put(.text4)
        bytes += Self.littleEndian([UInt32(text.utf8.count)])
        bytes += text.utf8
    }

    private mutating func global(_ module: String, _ name: String) {
        put(.global)
        bytes += "\(module)\n\(name)\n".utf8
    }

    private mutating func put(_ instruction: PickleInstruction) { bytes.append(instruction.rawValue) }

    private static func littleEndian<Number: FixedWidthInteger>(_ numbers: [Number]) -> [UInt8] {
        numbers.map(\.littleEndian).withUnsafeBytes { [UInt8]($0) }
    }
}
