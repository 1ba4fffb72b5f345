/// What a pickle may leave on the stack.
///
/// Whatever can change after it was made lives in ``PickleMachine/objects``.
enum PickleValue: Sendable, Equatable {
    case none
    case bool(Bool)
    case integer(Int)
    case double(Double)
    case text(String)
    case bytes(ArraySlice<UInt8>)
    case name(PickleName)
    /// The place of an object in ``PickleMachine/objects``.
    ///
    /// Places and not nested values, so that a thousand tuples inside each other are a thousand rows of an array, and
    /// nothing that walks or frees them recurses.
    case object(Int)
}

/// What a pickle builds in steps.
enum PickleObject: Sendable, Equatable {
    case tuple([PickleValue])
    case list([PickleValue])
    /// Keys and values in turn; of two equal keys the later one holds.
    case dictionary([PickleValue])
    case type(NumpyType)
    /// An array; `nil` until its contents have come.
    case array(NumpyArray?)
    /// What joblib puts before the bytes of an array.
    case arrayWrapper
    /// The estimator; the place of its attributes, once they have come.
    case regression(attributes: Int?)
}

/// The only names of Python that a pickle may mention.
///
/// Each stands for one thing that ``PickleMachine`` makes by itself; none is looked up, imported or called.
enum PickleName: Sendable, Equatable {
    case logisticRegression
    /// joblib's place holder, followed by the bytes of an array.
    case arrayWrapper
    case arrayClass
    case typeClass
    /// Makes an empty array, whose contents follow.
    case makeArray
    /// Makes an array of no axes from its bytes.
    case makeScalar
    /// Makes an array from bytes, as protocol 5 has it.
    case arrayFromBuffer
    /// Bytes that protocol 2 had to write as text.
    case encodeText

    init?(module: String, name: String) {
        switch (module, name) {
        case ("sklearn.linear_model._logistic", "LogisticRegression"),
            ("sklearn.linear_model.logistic", "LogisticRegression"):
            self = .logisticRegression
        case ("joblib.numpy_pickle", "NumpyArrayWrapper"),
            ("sklearn.externals.joblib.numpy_pickle", "NumpyArrayWrapper"):
            self = .arrayWrapper
        case ("numpy", "ndarray"): self = .arrayClass
        case ("numpy", "dtype"): self = .typeClass
        case ("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct"): self = .makeArray
        case ("numpy.core.multiarray", "scalar"), ("numpy._core.multiarray", "scalar"): self = .makeScalar
        case ("numpy.core.numeric", "_frombuffer"), ("numpy._core.numeric", "_frombuffer"): self = .arrayFromBuffer
        case ("_codecs", "encode"): self = .encodeText
        default: return nil
        }
    }
}
